# SPDX-License-Identifier: GPL-2.0-or-later
"""What users and their tools see of the programs: clogctl, the pid file, one node alone."""
import json

from lablib.cluster import Lab
from lablib.clogd import NO_DAEMON, SIGTERM
from lablib.clustered import ClusterMirror, Gate, Stripe, fill_legs, start_daemons
from lablib.node import Node
from lablib.scenario import scenario

TAGS = ("programs",)
ATTENTION = 1
NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups"
# DESIGN 1: what readers of the JSON may rely on.
NODE_KEYS = {"id": int, "version": str, "protocol": int, "quorate": bool, "members": list, "uptime_s": int}
LOG_KEYS = {"uuid": str, "name": str, "type": str, "state": str, "region_size": int, "regions": int, "in_sync": int,
            "dirty": int, "retained": int, "attached": list, "writer": int, "recovering": list, "log_device": dict,
            "instances": list, "counters": dict}
# As LVM asks: a read-only descriptor, F_GETLK for a write lock on the whole file.
ASK_LOCK = """python3 -I - <<'END'
import fcntl, os, struct
whole = struct.pack("hhlli", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
with open("/run/cmirrord.pid", "rb") as file:
    kind, _, _, _, pid = struct.unpack("hhlli", fcntl.fcntl(file, fcntl.F_GETLK, whole))
print(pid if kind == fcntl.F_WRLCK else 0)
END"""


def assert_has(what: dict, keys: dict[str, type]) -> None:
    wrong = {key: what.get(key) for key, kind in keys.items() if type(what.get(key)) is not kind}
    assert not wrong, f"missing or of another type: {wrong} in {what}"


@scenario(tags=TAGS)
def status_for_people_and_programs(lab: Lab) -> None:
    """The table and the JSON of clogctl say what is so; exit status 0 fine, 1 attention, 2 no daemon or usage."""
    node = lab[2]
    assert node.clogctl_run("status").status == NO_DAEMON
    assert "no clogd runs" in node.clogctl_run("status").err
    fill_legs(lab)
    start_daemons(lab)
    result = node.clogctl_run("status")
    assert result.status == 0 and "quorate, members 1,2,3" in result.out and "no logs" in result.out, result

    gates = [Gate(each, "leg1").close() for each in lab.nodes]
    disk = ClusterMirror(lab, "disk", legs=["leg0", gates[0].path]).create()
    result = node.clogctl_run("status", "--json")
    assert result.status == ATTENTION, result
    status = json.loads(result.out)
    assert_has(status["node"], NODE_KEYS)
    assert (status["node"]["id"], status["node"]["quorate"], status["node"]["members"]) == (2, True, [1, 2, 3])
    [log] = status["logs"]
    assert_has(log, LOG_KEYS)
    assert (log["uuid"], log["name"], log["type"], log["state"]) == ("lab-disk", "disk", "clustered-disk", "active"), log
    assert (log["region_size"], log["regions"], log["in_sync"]) == (1024, 128, 0), log
    assert (log["attached"], log["log_device"]["health"]) == ([1, 2, 3], "A") and log["writer"] in (1, 2, 3), log
    assert log["recovering"] and all(set(entry) == {"node", "region"} for entry in log["recovering"]), log
    assert [instance["state"] for instance in log["instances"]] == ["active"], log
    assert all(isinstance(value, int) for value in log["counters"].values()), log

    titles, row = node.clogctl("status").splitlines()[1:]
    assert titles.split("  ")[0] == "NAME" and row.split()[:5] == ["disk", "clustered-disk", "active", "0.0%", "1,2,3"], row
    info = node.run("dmsetup status disk").out.split()
    assert info[-4:] == ["3", "clustered-disk", "98:32", "A"], info
    assert "userspace 4 lab-disk clustered-disk /dev/ubdc 1024" in node.run("dmsetup table disk").out
    for gate in gates:
        gate.open()
    disk.wait_in_sync()
    assert node.clogctl_run("status").status == 0
    disk.remove()

    core = ClusterMirror(lab, "core", log="clustered-core", words=["nosync"]).create()
    assert node.run("dmsetup status core").out.split()[-2:] == ["1", "clustered-core"]
    [log] = node.clogctl("status", "--json")["logs"]
    assert (log["type"], log["in_sync"], log["writer"], log["log_device"]["device"]) == ("clustered-core", 128, 0, ""), log
    core.remove()

    for words in ([], ["status", "--jason"], ["stats"], ["fenced"], ["fenced", "x"]):
        result = node.clogctl_run(*words)
        assert result.status == 2 and result.err and not result.out, (words, result)
    assert "Usage" in node.clogctl_run("--help").out
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS)
def only_root_is_served(lab: Lab) -> None:
    """Another user gets no status from clogctl and no daemon from clogd, and is told why."""
    node = lab[1]
    node.start_clogd()
    for name in ("clogd", "clogctl"):
        node.run(f"install -D -m 755 {lab.binary(name)} /run/bin/{name}")
    result = node.run(f"{NOBODY} /run/bin/clogctl status", check=False)
    assert result.status == 2 and "does not answer this user" in result.err and not result.out, result
    result = node.run(f"cd / && {NOBODY} /run/bin/clogctl fenced 2", check=False)
    assert result.status == 2 and "does not answer this user" in result.err, result
    node.kill_clogd(SIGTERM)
    result = node.run(f"{NOBODY} /run/bin/clogd -f --standalone", check=False)
    assert result.status == 1 and "root" in result.err, result


def pid_file_locked_by(node: Node) -> int:
    return int(node.run(ASK_LOCK).out)


@scenario(tags=TAGS)
def cmirrord_is_there_for_lvm(lab: Lab) -> None:
    """Under its older name in the background: the pid file is locked for its life, and there is only one daemon."""
    node = lab[1]
    node.run(f"ln -s {lab.binary('clogd')} /run/lab/cmirrord")
    node.run("/run/lab/cmirrord")
    assert node.clogctl_run("status").status == 0, "in the background means ready"
    pid = int(node.run("cat /run/cmirrord.pid").out)
    assert pid_file_locked_by(node) == pid
    # The lock is a process's, and would be lost with any descriptor of the file it closes.
    node.clogctl("status")
    assert pid_file_locked_by(node) == pid
    second = node.run(f"{lab.binary('clogd')} -f", check=False)
    assert second.status == 1 and "another daemon is running" in second.err, second
    assert pid_file_locked_by(node) == pid
    node.run(f"kill {pid}; while [ -e /proc/{pid} ]; do sleep 0.1; done")
    assert node.run("cat /run/cmirrord.pid", check=False).status != 0, "it takes its pid file away"
    assert "-f, --foreground" in node.run("/run/lab/cmirrord -h").out


@scenario(tags=TAGS, nodes=1, corosync=False)
def one_node_without_corosync(lab: Lab) -> None:
    """--standalone: sync, writes, and a restart of the daemon under a writer whose kernel reconnects."""
    fill_legs(lab)
    node = lab[1]
    node.start_clogd("--standalone")
    mirror = ClusterMirror(lab).create()
    mirror.wait_in_sync()
    lab.assert_same("leg0", "leg1")
    before, during = Stripe(mirror.path, 1, 0, 4), Stripe(mirror.path, 2, 32, 8)
    before.write(node)
    writer = during.start_write(node)
    assert node.kill_clogd(SIGTERM).status == 0
    node.start_clogd("--standalone")
    assert writer.wait().error == 0
    mirror.wait_in_sync()
    for stripe in (before, during):
        stripe.verify(node)
    status = node.clogctl("status", "--json")
    assert (status["node"]["members"], status["logs"][0]["attached"]) == ([1], [1]), status
    mirror.remove()
    lab.assert_same("leg0", "leg1")
