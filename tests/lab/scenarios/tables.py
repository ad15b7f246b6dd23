# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables and log devices: mirrors that grow and shrink, logs of other origin, tables that are refused."""
import os
import struct

from lablib.cluster import Lab
from lablib.clustered import (ClusterMirror, Gate, assert_replicas_agree, fill_legs, start_daemons, stripes_for,
                              verify_on_another_node, wait_until)
from lablib.disks import LOG_BITMAP_OFFSET, LOG_HEADER
from lablib.node import Node
from lablib.scenario import scenario

TAGS = ("tables",)
MAGIC = 0x4D695272
REGIONS = 128               # of the lab's legs, at the default region size
REGION_BYTES = 512 * 1024
MB = 2048                   # sectors


@scenario(tags=TAGS)
def mirror_grows_and_shrinks(lab: Lab) -> None:
    """All nodes reload to a longer mirror, and back, while one writes: new regions are copied, old data stays."""
    fill_legs(lab)
    start_daemons(lab)
    mirror = ClusterMirror(lab, length_sectors=32 * MB).create()
    mirror.wait_in_sync()
    old = stripes_for(lab, mirror.path, size_mb=2, at_mb=lambda ident: 10 * (ident - 1))
    lab.each(lambda node: old[node.ident].write(node))
    assert lab.compare("leg0", "leg1"), "what is beyond the mirror was never copied"

    during = stripes_for(lab, mirror.path, size_mb=2, at_mb=lambda ident: 10 * (ident - 1) + 5, first_number=10)
    writer = during[2].start_write(lab[2])
    mirror.reload(length_sectors=64 * MB)
    assert writer.wait().error == 0
    mirror.wait_in_sync()
    assert [mirror.status(node)["regions"] for node in lab.nodes] == [REGIONS] * 3
    new = stripes_for(lab, mirror.path, size_mb=2, at_mb=lambda ident: 32 + 10 * (ident - 1), first_number=20)
    lab.each(lambda node: new[node.ident].write(node))
    for stripes in (old, new):
        verify_on_another_node(lab, stripes)
    during[2].verify(lab[1])
    assert_replicas_agree(lab)

    writer = during[3].start_write(lab[3])
    mirror.reload(length_sectors=32 * MB)
    assert writer.wait().error == 0
    mirror.wait_in_sync()
    assert [mirror.status(node)["regions"] for node in lab.nodes] == [REGIONS // 2] * 3
    verify_on_another_node(lab, old)
    during[3].verify(lab[1])
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")
    assert lab.read_log().region_count == REGIONS // 2


def stop_mid_sync(lab: Lab, nodes: list[Node], **log) -> int:
    """Syncs with a slow second leg, removes the mirror on the way; how many regions are clean then."""
    for node in nodes:
        node.dm_delay("slow", "leg1", write_ms=200)
    mirror = ClusterMirror(lab, nodes=nodes, legs=["leg0", "/dev/mapper/slow"], **log).create()
    wait_until(lambda: nodes[0].mirror_status("m").in_sync >= REGIONS // 4, "a quarter of the mirror is in sync")
    mirror.remove()
    for node in nodes:
        node.dm_remove("slow")
    clean = len(lab.read_log().clean)
    assert REGIONS // 4 <= clean < REGIONS, clean
    return clean


def finish_sync(lab: Lab, nodes: list[Node], expected: int, **log) -> ClusterMirror:
    """The count of a mirror that has just come up, with copies held back; then the rest of its sync."""
    gates = [Gate(node, "leg1").close() for node in nodes]
    mirror = ClusterMirror(lab, nodes=nodes, legs=["leg0", gates[0].path], **log).create()
    counts = [node.mirror_status("m").in_sync for node in nodes]
    assert counts == [expected] * len(nodes), f"{counts} regions in sync, the log device says {expected}"
    for gate in gates:
        gate.open()
    mirror.wait_in_sync()
    return mirror


@scenario(tags=TAGS)
def kernel_takes_over_log(lab: Lab) -> None:
    """clogd is stopped in the middle of a sync; the kernel's own disk log reads the same count and finishes."""
    fill_legs(lab)
    start_daemons(lab)
    clean = stop_mid_sync(lab, lab.nodes)
    header = lab.read_log()
    assert (header.magic, header.version, header.region_count) == (MAGIC, 2, REGIONS), header
    mirror = finish_sync(lab, [lab[2]], clean, log="disk")
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS)
def clogd_takes_over_log(lab: Lab) -> None:
    """The other way round: the kernel's log is stopped in the middle, three nodes read its count and finish."""
    fill_legs(lab)
    start_daemons(lab)
    clean = stop_mid_sync(lab, [lab[2]], log="disk")
    mirror = finish_sync(lab, lab.nodes, clean)
    recovered = sum(mirror.status(node)["counters"]["regions_recovered"] for node in lab.nodes)
    assert recovered == REGIONS - clean, f"{recovered} regions copied, {REGIONS - clean} were out of sync"
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")
    assert lab.read_log().clean == frozenset(range(REGIONS))


@scenario(tags=TAGS)
def only_cleared_bits_are_copied(lab: Lab) -> None:
    """Three bits are cleared on the log device, and those regions damaged: they are copied, and nothing else."""
    fill_legs(lab)
    start_daemons(lab)
    mirror = ClusterMirror(lab).create()
    mirror.wait_in_sync()
    mirror.remove()
    lab.assert_same("leg0", "leg1")
    damaged = (0, 77, 127)
    bitmap = bytearray(lab.disks.read("log", LOG_BITMAP_OFFSET, REGIONS // 8))
    for region in damaged:
        bitmap[region // 8] &= ~(1 << region % 8)
        lab.disks.write("leg1", region * REGION_BYTES + 4096, b"damage")
    lab.disks.write("log", LOG_BITMAP_OFFSET, bytes(bitmap))
    mirror = finish_sync(lab, lab.nodes, REGIONS - len(damaged))
    recovered = sum(mirror.status(node)["counters"]["regions_recovered"] for node in lab.nodes)
    assert recovered == len(damaged), f"{recovered} regions were copied"
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS, variants={"zeroed": {"fill": 0x00, "in_sync": 0}, "in-sync": {"fill": 0xff, "in_sync": REGIONS}})
def lvm_new_log(lab: Lab, fill: int, in_sync: int) -> None:
    """LVM fills a new log, then writes a header with 2^64-1 regions: all bits count, and the header is put right."""
    fill_legs(lab, ["leg0"])
    if in_sync:
        lab.disks.write("leg1", 0, lab.disks.read("leg0"))
    lab.disks.write("log", 0, bytes([fill]) * lab.disks.sizes["log"])
    lab.disks.write("log", 0, LOG_HEADER.pack(MAGIC, 2, 2**64 - 1))
    start_daemons(lab)
    mirror = finish_sync(lab, lab.nodes, in_sync)
    recovered = sum(mirror.status(node)["counters"]["regions_recovered"] for node in lab.nodes)
    assert recovered == REGIONS - in_sync, recovered
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")
    header = lab.read_log()
    assert (header.magic, header.version, header.region_count) == (MAGIC, 2, REGIONS), header
    assert header.clean == frozenset(range(REGIONS)), sorted(header.clean)


def log_lines(node: Node, start: int, word: str) -> list[str]:
    """Lines of a node's clogd, from an offset, that hold the word. They take a moment to come through the serial line."""
    with open(node.logs["clogd"], encoding="utf-8", errors="replace") as log:
        log.seek(start)
        return [line for line in log.read().splitlines() if word in line]


@scenario(tags=TAGS)
def bad_tables_are_refused(lab: Lab) -> None:
    """dmsetup fails, clogd says why in a line that names the culprit, nothing is left behind, a good table works."""
    start_daemons(lab)
    node = lab[2]
    node.dm_create("tiny", f"0 2 linear {node.device('log')} 0")
    node.dm_create("future", f"0 1024 linear {node.device('log')} 1024")
    lab.disks.write("log", 1024 * 512, struct.pack("<II", MAGIC, 7))
    cases = {
        "/dev/mapper/tiny": {"logdev": "/dev/mapper/tiny"},
        "/dev/absent": {"logdev": "/dev/absent"},
        "version 7": {"logdev": "/dev/mapper/future"},
        "1000": {"region_size": 1000},
        "region size 4 ": {"region_size": 4},
        "region size 262144": {"region_size": 262144},
        "sideways": {"words": ["sideways"]},
        "sync and nosync": {"words": ["sync", "nosync"]},
    }
    start = os.path.getsize(node.logs["clogd"])     # a lab that ran this before has such lines already
    tried = 0
    for culprit, options in cases.items():
        for log in ("clustered-disk", "clustered-core"):
            if log == "clustered-core" and "logdev" in options:
                continue
            uuid = f"lab-bad-{tried:02d}"
            tried += 1
            line = node.mirror_line(uuid, **{"log": log} | options)
            result = node.run(f"dmsetup create --noudevsync --noudevrules bad --table '{line}'", check=False)
            assert result.status != 0, f"this was taken: {line}"
            wait_until(lambda: log_lines(node, start, uuid), f"a line on {line}")
            said = log_lines(node, start, uuid)
            assert len(said) == 1 and "table refused" in said[0] and culprit in said[0], (culprit, said)
            assert "bad" not in node.dm_names()
    for each in lab.nodes:
        assert each.clogctl("status", "--json")["logs"] == [], "something leaked"
    descriptors = node.run("ls -l /proc/$(cat /run/cmirrord.pid)/fd").out
    assert "/dev/dm-" not in descriptors and "ubd" not in descriptors, descriptors

    fill_legs(lab)
    mirror = ClusterMirror(lab).create()
    mirror.wait_in_sync()
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS)
def log_device_unreadable_at_resume(lab: Lab) -> None:
    """The log device dies between CTR and RESUME: the mirror comes up, all out of sync, its log dead; it can be repaired."""
    fill_legs(lab)
    start_daemons(lab)
    gates = [Gate(node, "leg1").close() for node in lab.nodes]
    for node in lab.nodes:
        node.dm_linear("logdev", "log")
    mirror = ClusterMirror(lab, legs=["leg0", gates[0].path], logdev="/dev/mapper/logdev")
    for node in lab.nodes:
        node.run("dmsetup create --notable m")
        node.dm_reload("m", node.mirror_line(mirror.uuid, **mirror.options))
        node.dm_fail("logdev")
    mirror.resume()
    for node in lab.nodes:
        # A RESUME takes a log for good; the first write tells.
        wait_until(lambda: node.mirror_status("m").log_words[-1] == "D", f"{node} sees the log device dead")
        assert node.mirror_status("m").in_sync == 0
        assert mirror.status(node)["state"] == "failed"
        assert node.clogctl_run("status").status == 1
    for gate in gates:
        gate.open()
    # As LVM repairs it: a core log instead.
    mirror.uuid = "lab-m-repaired"
    mirror.reload(log="clustered-core")
    mirror.wait_in_sync()
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")
