# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab itself, without clogd: what every other scenario relies on."""
import time

from lablib.cluster import Lab
from lablib.errors import CommandFailed, LabTimeout, NodeDown
from lablib.patience import deadline
from lablib.scenario import scenario

TAGS = ("selftest",)


def raises(kind: type, function) -> bool:
    try:
        function()
    except kind:
        return True
    return False


@scenario(tags=TAGS)
def nodes_are_kernels_of_their_own(lab: Lab) -> None:
    """Each node has a name, an address, the modules and no device."""
    for node in lab.nodes:
        assert node.run("hostname").out == f"node{node.ident}\n"
        assert node.address in node.run("ip -4 address show eth0").out
        assert "dm_log_userspace" in node.run("cat /proc/modules").out
        assert node.dm_names() == []


@scenario(tags=TAGS)
def commands_run_side_by_side(lab: Lab) -> None:
    """Results, statuses, long commands and long outputs; a slow command holds up no other."""
    node = lab[1]
    assert node.run("echo out; echo err >&2; exit 3", check=False) == ("out\n", "err\n", 3)
    assert raises(CommandFailed, lambda: node.run("false"))
    slow = [node.start("sleep 60") for _ in range(20)]
    started = time.monotonic()
    assert node.run("echo quick").out == "quick\n"
    started = time.monotonic()
    node.run("true")
    lab.note(f"round trip of a command: {1000 * (time.monotonic() - started):.0f} ms")
    for handle in slow:
        handle.kill()
    assert [handle.wait(10, check=False).status for handle in slow] == [-9] * 20
    text = "x" * 50000
    assert node.run(f"echo {text}").out == text + "\n"
    assert len(node.run("head -c 1000000 /dev/zero | tr '\\0' y").out) == 1000000
    assert raises(LabTimeout, lambda: node.run("sleep 60", timeout=0.2))


@scenario(tags=TAGS)
def cluster_becomes_quorate(lab: Lab) -> None:
    """Corosync's tools see what the lab says."""
    everyone = [node.ident for node in lab.nodes]
    for node in lab.nodes:
        assert node.quorum() == (True, everyone), node.quorum()
        out = node.run("corosync-quorumtool -s -i").out
        assert f"Nodes:            {lab.node_count}" in out and "Quorate:          Yes" in out, out


@scenario(tags=TAGS)
def disks_are_shared(lab: Lab) -> None:
    """What one node wrote with O_DIRECT, the others and the host read; a power-off loses nothing."""
    device = lab[1].device("leg0")
    for writer in lab.nodes:
        text = f"written by {writer.name} "
        writer.run(f"yes '{text}' | head -c 65536 | dd of={device} oflag=direct bs=65536 iflag=fullblock status=none")
        for reader in lab.nodes:
            assert text in reader.run(f"dd if={device} iflag=direct bs=4096 count=1 status=none").out
        assert lab.disks.read("leg0", 0, len(text)) == text.encode()
    last = lab.nodes[-1]
    last.run(f"printf %4096s last | dd of={device} oflag=direct bs=4096 status=none")
    last.power_off()
    assert lab.disks.read("leg0", 0, 4096).endswith(b" last")


@scenario(tags=TAGS)
def kernel_core_mirror_syncs(lab: Lab) -> None:
    """The kernel's own core log: the legs become equal."""
    lab.disks.write("leg0", 12345678, b"something")
    assert lab.compare("leg0", "leg1") == [12345678 // 4096 * 4096]
    node = lab[1]
    node.mirror_create("m", log="core")
    status = node.wait_in_sync("m")
    assert (status.regions, status.health, status.log_type) == (128, "AA", "core"), status
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS)
def kernel_disk_mirror_syncs(lab: Lab) -> None:
    """The kernel's own disk log: legs, header and bits as the host reads them, before and after a write."""
    node = lab[2]
    path = node.mirror_create("m", log="disk")
    status = node.wait_in_sync("m")
    assert status.log_type == "disk" and status.log_words[-1] == "A", status
    node.fio(path, size="16M", bs="64k", rw="randwrite")
    node.dm_suspend("m")
    lab.assert_same("leg0", "leg1")
    log = lab.read_log("log")
    assert (log.magic, log.version, log.region_count) == (0x4D695272, 2, 128), log
    assert log.clean == frozenset(range(128)), sorted(log.clean)
    node.dm_resume("m")


@scenario(nodes=3, tags=TAGS)
def killed_node_leaves_quorum(lab: Lab) -> None:
    """Two of three stay quorate; the third comes back; one alone is not."""
    lab[3].power_off()
    assert raises(NodeDown, lambda: lab[3].run("true"))
    lab.wait_quorate([1, 2])
    lab[3].boot()
    lab[3].start_corosync()
    lab.wait_quorate()
    lab[2].kill_corosync()
    lab[3].stop_corosync()
    lab.wait_inquorate([1])


@scenario(nodes=3, tags=TAGS)
def partition_splits_and_heals(lab: Lab) -> None:
    """The side of two keeps quorum, the node alone loses it; after the cut all are one again."""
    lab.partition([1], [2, 3])
    lab.wait_quorate([2, 3])
    lab.wait_inquorate([1])
    assert lab[1].quorum().members == [1]
    lab.heal()
    lab.wait_quorate()


@scenario(tags=TAGS)
def slow_and_failing_disks(lab: Lab) -> None:
    """A delayed leg slows writes down; a failed leg is dead in the mirror's status."""
    node = lab[1]
    slow = node.dm_delay("slow", "leg1", write_ms=100)
    leg = node.dm_linear("leg", "leg0")
    path = node.mirror_create("m", log="core", words=["nosync"], legs=[slow, leg])
    result = node.fio(path, size="16k")
    assert result.job["write"]["lat_ns"]["min"] >= 100e6, result.job["write"]["lat_ns"]
    node.dm_fail("leg")
    writer = node.start_fio(path, size="4k")
    until = deadline(20)
    while node.mirror_status("m").health != "AD":
        assert time.monotonic() < until, node.mirror_status("m")
        time.sleep(0.1)
    assert not writer.poll(), "a write on a failed leg is held until the table is repaired"
    node.mirror_reload("m", flush=False, log="core", words=["nosync"], legs=[slow, "leg0"])
    writer.wait(30)


@scenario(tags=TAGS, timeout=60)
def fio_runs_while_commands_do(lab: Lab) -> None:
    """Workloads on all nodes at once, with figures."""
    jobs = [node.start_fio(node.device("leg0"), rw="randwrite", runtime=3, size="16M", offset=f"{16 * at}M")
            for at, node in enumerate(lab.nodes)]
    assert lab[1].run("echo busy").out == "busy\n"
    results = [job.wait(60) for job in jobs]
    assert all(result.write_iops > 0 and result.error == 0 for result in results)
    lab.note("random writes of 4 KiB on a bare disk, IOPS a node: "
             + ", ".join(f"{result.write_iops:.0f}" for result in results))
