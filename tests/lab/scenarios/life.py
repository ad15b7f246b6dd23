# SPDX-License-Identifier: GPL-2.0-or-later
"""The ordinary life of a clustered mirror: sync, writes, suspends, nodes that go and come. Nobody dies here."""
import time

from lablib.cluster import Lab
from lablib.clustered import (ClusterMirror, Stripe, assert_replicas_agree, blocks_of, fill_legs, start_daemons,
                              stripes_for, verify_on_another_node)
from lablib.scenario import scenario

TAGS = ("life",)
REGION_1M = 2048            # sectors: 64 regions on the lab's legs
LOGS = {f"{log}{suffix}": {"log": log, "integrated_flush": integrated}
        for log in ("clustered-core", "clustered-disk")
        for suffix, integrated in (("", False), ("-integrated-flush", True))}


@scenario(tags=TAGS, variants=LOGS)
def sync_and_shared_writes(lab: Lab, **log) -> None:
    """Three nodes sync a new mirror, write to it at once, and read what the others wrote."""
    fill_legs(lab)
    start_daemons(lab)
    mirror = ClusterMirror(lab, region_size=REGION_1M, **log).create()
    mirror.wait_in_sync()
    lab.assert_same("leg0", "leg1")
    assert_replicas_agree(lab)
    for node in lab.nodes:
        status = mirror.status(node)
        assert (status["regions"], status["in_sync"], status["attached"]) == (64, 64, [1, 2, 3]), status

    stripes = stripes_for(lab, mirror.path, size_mb=4)
    lab.each(lambda node: stripes[node.ident].write(node))
    verify_on_another_node(lab, stripes)
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS)
def writes_while_it_syncs(lab: Lab) -> None:
    """All nodes write while the first sync copies the same regions: no write is lost under a copy."""
    fill_legs(lab)
    start_daemons(lab)
    mirror = ClusterMirror(lab, region_size=64).create()
    # The same regions in the same order on every node.
    lab.each(lambda node: node.fio(mirror.path, **blocks_of(node, 64), io_size="2M",
                                   buffer_pattern=f"0x{node.ident:02x}"))
    stripes = stripes_for(lab, mirror.path, size_mb=2)
    lab.each(lambda node: stripes[node.ident].write(node))
    mirror.wait_in_sync()
    verify_on_another_node(lab, stripes)
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS)
def suspend_everywhere_under_load(lab: Lab) -> None:
    """All nodes suspend and resume, again and again, with I/O queued; the I/O ends well."""
    fill_legs(lab)
    start_daemons(lab)
    mirror = ClusterMirror(lab, region_size=64).create()
    stripes = stripes_for(lab, mirror.path, size_mb=3)
    writers = [stripes[node.ident].start_write(node) for node in lab.nodes]
    for _ in range(3):
        mirror.suspend()
        time.sleep(0.3)
        assert [mirror.status(node)["state"] for node in lab.nodes] == ["suspended"] * 3
        mirror.resume()
    for writer in writers:
        assert writer.wait().error == 0
    mirror.wait_in_sync()
    verify_on_another_node(lab, stripes)
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS)
def node_leaves_and_returns(lab: Lab) -> None:
    """The node that writes the log device leaves; the others write on; it comes back, and reads what they wrote."""
    fill_legs(lab)
    start_daemons(lab)
    mirror = ClusterMirror(lab).create()
    mirror.wait_in_sync()
    leaver = lab[mirror.status(lab[1])["writer"]]
    stayers = [node for node in lab.nodes if node is not leaver]
    before = stripes_for(lab, mirror.path, size_mb=2)
    before[leaver.ident].write(leaver)

    writers = [before[node.ident].start_write(node) for node in stayers]
    mirror.remove_on(leaver)
    assert leaver.kill_clogd(15).status == 0
    for writer in writers:
        assert writer.wait().error == 0
    status = mirror.status(stayers[0])
    assert status["attached"] == [node.ident for node in stayers] and status["writer"] in status["attached"], status
    assert_replicas_agree(lab, stayers)

    meanwhile = stripes_for(lab, mirror.path, size_mb=2, first_number=10)
    for node in stayers:
        meanwhile[node.ident].write(node)
    leaver.start_clogd()
    mirror.create_on(leaver)
    assert leaver.mirror_status("m").is_in_sync, "nobody crashed: nothing is to be copied again"
    for stripe in (before[leaver.ident], *(meanwhile[node.ident] for node in stayers)):
        stripe.verify(leaver)
    assert mirror.status(leaver)["attached"] == [1, 2, 3]
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS)
def five_mirrors_at_once(lab: Lab) -> None:
    """Five mirrors on all nodes, of both types and several region sizes, come up together, are written together."""
    count, part_mb = 5, 12
    fill_legs(lab)
    start_daemons(lab)
    mirrors = []
    for number in range(count):
        lab.each(lambda node: node.dm_create(f"log{number}", f"0 1024 linear {node.device('log')} {1024 * number}"))
        legs = [f"{lab[1].device(leg)} {2048 * part_mb * number}" for leg in ("leg0", "leg1")]
        mirrors.append(ClusterMirror(lab, f"m{number}", legs=legs, length_sectors=2048 * part_mb,
                                     log="clustered-core" if number == 3 else "clustered-disk",
                                     logdev=f"/dev/mapper/log{number}", region_size=64 << number))
    for mirror in mirrors:
        mirror.create()
    # Each node writes to all of them at once.
    stripes = {(mirror, node): Stripe(mirror.path, node.ident, 4 * node.ident - 4, 1)
               for mirror in mirrors for node in lab.nodes}
    writers = [stripe.start_write(node) for (_, node), stripe in stripes.items()]
    for mirror in mirrors:
        mirror.wait_in_sync()
    for writer in writers:
        assert writer.wait().error == 0
    for mirror in mirrors:
        lab.each(lambda node: stripes[mirror, lab[node.ident % 3 + 1]].verify(node))
    assert len(lab[2].clogctl("status", "--json")["logs"]) == count
    assert_replicas_agree(lab)
    for mirror in mirrors:
        mirror.remove()
    lab.assert_same("leg0", "leg1", part_mb * count << 20)
    assert lab[1].clogctl("status", "--json")["logs"] == [], "a log that nobody uses is forgotten"


@scenario(tags=TAGS)
def window_spares_messages(lab: Lab) -> None:
    """A stream of small writes costs few messages and few writes of the log device."""
    start_daemons(lab)
    mirror = ClusterMirror(lab, words=["nosync"]).create()
    writes = 2000
    log_writer = lab[mirror.status(lab[1])["writer"]]
    another = lab[log_writer.ident % 3 + 1]
    for node, what in ((another, "another node writes the log device"), (log_writer, "it writes the log device")):
        before = [mirror.status(each)["counters"] for each in lab.nodes]
        started = time.monotonic()
        result = node.fio(mirror.path, rw="write", bs="4k", size=f"{writes * 4}k")
        seconds = time.monotonic() - started
        after = [mirror.status(each)["counters"] for each in lab.nodes]
        counts = {name: sum(late[name] - early[name] for early, late in zip(before, after))
                  for name in ("operations_sent", "log_device_writes", "flushes", "flushes_at_once")}
        lab.note(f"{writes} sequential writes of 4 KiB on {node} ({what}): {result.write_iops:.0f} IOPS, {counts}")
        # 8 MB are 16 regions of 512 KiB. A mark costs a message and a log write, and so may its end; they end after
        # 5 s without a write, so a slow machine may see each region's marks once per 5 s. Marks made ahead, and
        # acknowledgements of log writes, count too: at most one each. Without the window it would be 2000 of each.
        periods = 1 + int(seconds / 5)
        assert counts["operations_sent"] <= 4 * 16 * periods, counts
        assert counts["log_device_writes"] <= 2 * 16 * periods, counts
        assert counts["flushes_at_once"] >= 0.9 * writes, counts
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS)
def idle_node_loses_corosync(lab: Lab) -> None:
    """Corosync stops and starts again on one node while the mirror is idle: the node is back, with the same state."""
    fill_legs(lab)
    start_daemons(lab)
    mirror = ClusterMirror(lab).create()
    mirror.wait_in_sync()
    stripes = stripes_for(lab, mirror.path, size_mb=1)
    lab.each(lambda node: stripes[node.ident].write(node))
    assert_replicas_agree(lab)
    lab[3].stop_corosync()
    lab.wait_quorate([1, 2])
    stripes[1].verify(lab[2])
    lab[3].start_corosync()
    lab.wait_quorate()
    stripes[2].verify(lab[3])
    mirror.wait_in_sync()
    stripes[3].write(lab[3])
    verify_on_another_node(lab, stripes)
    assert_replicas_agree(lab)
    status = lab[3].clogctl("status", "--json")["node"]
    assert (status["joined"], status["quorate"], status["members"]) == (True, True, [1, 2, 3]), status
    mirror.remove()
    lab.assert_same("leg0", "leg1")
