# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon as a process: start and stop, its pid file, what it survives, what it says."""
import time
from signal import SIGTERM

from lablib.cluster import Lab
from lablib.clustered import wait_until
from lablib.node import Node
from lablib.scenario import scenario

PID_FILE = "/run/cmirrord.pid"
POLICY_WORD, SCHED_OTHER, SCHED_RR = 41, 0, 2      # of /proc/PID/stat, proc(5)


def policies(node: Node) -> list[int]:
    """Of the daemon's threads."""
    lines = node.run(f"cat /proc/$(cat {PID_FILE})/task/*/stat").out.splitlines()
    return [int(line.rsplit(")", 1)[1].split()[POLICY_WORD - 3]) for line in lines]


@scenario(nodes=1, tags=("daemon",))
def one_daemon_a_node(lab: Lab) -> None:
    """The background daemon holds a POSIX lock on the pid file for life; a second one says so and ends with 1."""
    node = lab[1]
    clogd = lab.binary("clogd")
    node.run(f"{clogd} --standalone")
    pid = node.run(f"cat {PID_FILE}").out.strip()
    locks = node.run("cat /proc/locks").out
    assert any(f" {pid} " in line and "POSIX" in line and "WRITE" in line for line in locks.splitlines()), locks
    second = node.run(f"{clogd} --standalone", check=False)
    assert second.status == 1, second
    assert "another daemon is running" in second.err, second.err
    assert node.clogctl("status", "--json")["node"]["quorate"] is True
    node.run(f"kill {pid}; while kill -0 {pid} 2>/dev/null; do sleep 0.1; done")
    assert node.run(f"test -e {PID_FILE}", check=False).status == 1
    assert node.clogctl_run("status").status == 2


@scenario(nodes=1, tags=("daemon",))
def cluster_thread_runs_before_others(lab: Lab) -> None:
    """It has real-time priority, unless `realtime` is off; what it starts has not, nor has what answers the kernel."""
    node = lab[1]
    for realtime, wanted in (("on", 1), ("off", 0)):     # a node here has one processor: clogd.conf(5)
        node.start_clogd(f"--standalone --realtime {realtime}")
        found = policies(node)
        assert found.count(SCHED_RR) == wanted, found
        assert found.count(SCHED_OTHER) == len(found) - wanted, found
        node.kill_clogd(SIGTERM)


@scenario(nodes=1, tags=("daemon",))
def standalone_mirror_works(lab: Lab) -> None:
    """Without Corosync: a mirror with each log syncs, takes writes, and shows its device's name."""
    node = lab[1]
    node.start_clogd("--standalone")
    for log in ("clustered-core", "clustered-disk"):
        path = node.mirror_create("m", f"alone-{log}", log=log)
        node.wait_in_sync("m")
        node.fio(path, rw="randwrite", runtime=2)
        logs = node.clogctl("status", "--json")["logs"]
        assert [entry["name"] for entry in logs] == ["m"], logs
        node.dm_remove("m")
    lab.assert_same("leg0", "leg1")


@scenario(nodes=1, tags=("daemon",), timeout=180)
def killed_daemon_comes_back_under_writes(lab: Lab) -> None:
    """SIGKILL and a restart under load: the kernel finds the new daemon and the writes go on."""
    node = lab[1]
    node.start_clogd("--standalone")
    path = node.mirror_create("m", "killed", log="clustered-disk")
    node.wait_in_sync("m")
    job = node.start_fio(path, rw="randwrite", runtime=8)
    time.sleep(2)
    node.kill_clogd()
    time.sleep(1)
    node.start_clogd("--standalone")
    job.wait(120)
    node.dm_remove("m")
    lab.assert_same("leg0", "leg1")


@scenario(nodes=1, tags=("daemon",))
def stopped_daemon_leaves_a_clean_log(lab: Lab) -> None:
    """SIGTERM lets go of what is marked, and ends with 0."""
    node = lab[1]
    node.start_clogd("--standalone --hold 60000")
    path = node.mirror_create("m", "stopped", log="clustered-disk")
    node.wait_in_sync("m")
    node.fio(path, rw="randwrite", runtime=2)
    start = time.monotonic()
    assert node.kill_clogd(15).status == 0
    lab.note(f"stopped in {time.monotonic() - start:.1f} s")
    assert len(lab.read_log("log", 128).clean) == 128
    node.start_clogd("--standalone")
    node.dm_remove("m")


@scenario(timeout=180, tags=("daemon",))
def dead_writer_is_recovered_by_the_others(lab: Lab) -> None:
    """The survivors' kernels are made to forget, then the dead node's regions are copied, with no one asking."""
    for node in lab.nodes:
        node.start_clogd()
        node.mirror_create("m", "dead-writer", log="clustered-disk")
    for node in lab.nodes:
        node.wait_in_sync("m")
    lab[1].start_fio("/dev/mapper/m", rw="randwrite", runtime=600)
    wait_until(lambda: lab[2].clogctl("status", "--json")["logs"][0]["marked"], "marks of the writer")
    lab[1].power_off()
    lab.wait_quorate([2, 3])
    start = time.monotonic()
    wait_until(lambda: lab[2].clogctl("status", "--json")["node"]["counters"]["devices_cycled"], "a cycled device", 60)
    for node in (lab[2], lab[3]):
        node.wait_in_sync("m")
    lab.note(f"recovered after {time.monotonic() - start:.1f} s")
    for node in (lab[2], lab[3]):
        node.dm_remove("m")
    lab.assert_same("leg0", "leg1")


@scenario(timeout=180, tags=("daemon",))
def corosync_dies_and_comes_back(lab: Lab) -> None:
    """A node without its Corosync answers reads and holds writes; with it again the writes go on."""
    for node in lab.nodes:
        node.start_clogd()
        node.mirror_create("m", "corosync", log="clustered-disk")
    for node in lab.nodes:
        node.wait_in_sync("m")
    node = lab[3]
    node.kill_corosync()
    time.sleep(1)
    assert node.clogctl("status", "--json")["node"]["quorate"] is False
    assert node.fio("/dev/mapper/m", rw="randread", runtime=2).read_iops > 10
    job = node.start_fio("/dev/mapper/m", rw="randwrite", runtime=2)
    time.sleep(4)
    assert job.handle.poll() is None, "a write ended without a cluster"
    node.start_corosync()
    job.wait(90)
    for other in lab.nodes:
        other.wait_in_sync("m")
    for other in lab.nodes:
        other.dm_remove("m")
    lab.assert_same("leg0", "leg1")


@scenario(nodes=1, tags=("daemon",))
def strangers_on_the_socket_change_nothing(lab: Lab) -> None:
    """Datagrams of other programs to the connector's group are counted, and a mirror goes on."""
    node = lab[1]
    node.start_clogd("--standalone")
    path = node.mirror_create("m", "strangers", log="clustered-core")
    node.wait_in_sync("m")
    node.run("""python3 - <<'EOF'
import os, socket, struct
sender = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 11)
sender.bind((0, 0))
for size in (0, 1, 15, 16, 36, 200, 300, 528, 2000):
    body = struct.pack("=IIIIHH", 7, 1, 5, 0, max(0, size - 20) % 65536, 0) + os.urandom(size)
    message = struct.pack("=IHHII", 16 + len(body), 3, 0, 5, 0) + body
    for bytes in (message, os.urandom(len(message))):
        sender.sendto(bytes, (0, 1 << 6))
EOF""")
    node.fio(path, rw="randwrite", runtime=2)
    counters = node.clogctl("status", "--json")["node"]["counters"]
    assert counters["kernel_foreign"] >= 18, counters
    assert counters["kernel_malformed"] == 0, counters
    node.dm_remove("m")
