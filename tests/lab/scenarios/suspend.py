# SPDX-License-Identifier: GPL-2.0-or-later
"""Suspends and reloads at bad moments: while regions are copied, while writes wait for that, while a node joins."""
import time

from lablib.cluster import Lab
from lablib.clustered import (ClusterMirror, Gate, Stripe, assert_replicas_agree, fill_legs, start_daemons, stripes_for,
                              verify_on_another_node, wait_until)
from lablib.effort import Rounds
from lablib.load import DEPTH, await_more_writes, start_loads, stop_loads
from lablib.node import Node
from lablib.scenario import scenario

TAGS = ("suspend",)
REGION_32K = 64             # sectors: 2048 regions on the lab's legs
RESTING_S = 2               # long enough for what must not happen


def regions_recovered(lab: Lab, mirror: ClusterMirror) -> int:
    return sum(mirror.status(node)["counters"]["regions_recovered"] for node in lab.nodes)


@scenario(tags=TAGS, rounds=Rounds(default=2, full=20, timeout_s=30))
def suspended_while_it_syncs(lab: Lab, rounds: int) -> None:
    """One node suspends in the first sync: the others copy on without it; all suspend: nobody copies; all is copied."""
    fill_legs(lab)
    start_daemons(lab)
    lab.each(lambda node: node.dm_delay("late", "leg1", write_ms=20))
    mirror = ClusterMirror(lab, legs=["leg0", "/dev/mapper/late"], region_size=REGION_32K).create()
    for number in range(rounds):
        left = lab.nodes[number % 3]
        left.dm_suspend("m", flush=number % 2 == 0)
        assert mirror.status(left)["state"] == "suspended"
        stayer = lab.nodes[(number + 1) % 3]
        before = stayer.mirror_status("m")
        if before.is_in_sync:
            break
        wait_until(lambda: stayer.mirror_status("m").in_sync >= min(before.in_sync + 8, before.regions),
                   f"regions are copied while {left} is suspended")
        mirror.suspend()
        assert [mirror.status(node)["recovering"] for node in lab.nodes] == [[]] * 3, "copies of suspended nodes"
        count = regions_recovered(lab, mirror)
        time.sleep(RESTING_S / 4)
        assert regions_recovered(lab, mirror) == count, "a suspended mirror copies"
        mirror.resume()
    assert number > 0, "the sync was over too soon"
    lab.each(lambda node: node.dm_undelay("late", "leg1"))
    mirror.wait_in_sync()
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


def hold_a_copy(lab: Lab, mirror: ClusterMirror, copier: Node, gate: Gate) -> int:
    """One node alone syncs, and its copies stand still; the region that the others see it copy."""
    gate.close()
    mirror.create_on(copier)
    for node in lab.nodes:
        if node is not copier:
            mirror.create_on(node)
    wait_until(lambda: any(entry["node"] == copier.ident for entry in mirror.status(copier)["recovering"]),
               f"{copier} copies")
    return next(entry["region"] for entry in mirror.status(copier)["recovering"] if entry["node"] == copier.ident)


@scenario(tags=TAGS, variants={"flush": {"flush": True}, "noflush": {"flush": False}})
def suspended_with_writes_that_wait_for_a_copy(lab: Lab, flush: bool) -> None:
    """A write waits for a region that another node copies; both nodes suspend meanwhile: all ends, nothing is lost."""
    fill_legs(lab)
    start_daemons(lab)
    copier, waiter = lab[1], lab[2]
    gates = {node: Gate(node, "leg1") for node in lab.nodes}
    mirror = ClusterMirror(lab, legs=["leg0", gates[copier].path])
    region = hold_a_copy(lab, mirror, copier, gates[copier])
    offset_mb = region // 2     # a region is half a megabyte
    stripe = Stripe(mirror.path, 1, offset_mb, 1)
    asked = mirror.status(waiter)["counters"]["requests"]
    write = stripe.start_write(waiter)
    wait_until(lambda: mirror.status(waiter)["counters"]["requests"] > asked + 4, "the write asks again and again")
    assert not write.poll()
    # The suspend of a copying node waits for its copy, that of a waiting one for its writes.
    suspends = {node: node.start(f"dmsetup suspend {'' if flush else '--noflush'} --nolockfs m")
                for node in (waiter, copier)}
    time.sleep(RESTING_S)
    assert [handle.poll() for handle in suspends.values()] == [None, None], "the copy was held"
    gates[copier].open()
    for handle in suspends.values():
        handle.wait()
    # The copier stays suspended; what else was handed out to it is copied by others.
    waiter.dm_resume("m")
    assert write.wait().error == 0
    stripe.verify(lab[3])
    copier.dm_resume("m")
    mirror.wait_in_sync()
    stripe.verify(copier)
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS, rounds=Rounds(default=1, full=10, timeout_s=60))
def suspended_while_a_node_joins(lab: Lab, rounds: int) -> None:
    """Nodes suspend and resume under writes while another's daemon fetches the state and attaches, again and again."""
    fill_legs(lab)
    start_daemons(lab)
    mirror = ClusterMirror(lab, region_size=REGION_32K).create()
    for number in range(rounds):
        joiner = lab.nodes[-1 - number % 3]
        stayers = [node for node in lab.nodes if node is not joiner]
        loads = start_loads(stayers, mirror.path)
        mirror.remove_on(joiner)
        joiner.kill_clogd(15)
        cycles = [node.start("until [ -e /run/lab/stop-cycles ]; do dmsetup suspend --nolockfs m && "
                             "dmsetup resume --noudevsync --noudevrules m || exit 1; done") for node in stayers]
        joiner.start_clogd()
        mirror.create_on(joiner)
        joiner.dm_suspend("m")
        joiner.dm_resume("m")
        wait_until(lambda: joiner.mirror_status("m").in_sync > 0, f"{joiner} has the mirror's state")
        lab.each(lambda node: node.run("touch /run/lab/stop-cycles"), stayers)
        for cycle in cycles:
            cycle.wait()
        lab.each(lambda node: node.run("rm /run/lab/stop-cycles"), stayers)
        for load in loads:
            load.stop()
        for load in loads:
            load.verify(joiner)
        mirror.wait_in_sync()
        assert mirror.status(joiner)["attached"] == [1, 2, 3]
        assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


def reload_in_step(mirror: ClusterMirror, count: int) -> None:
    for _ in range(count):
        mirror.reload()


def reload_each_for_itself(mirror: ClusterMirror, count: int) -> None:
    table = mirror.nodes[0].mirror_line(mirror.uuid, **mirror.options)
    command = (f"for reload in $(seq {count}); do dmsetup load m --table '{table}' && dmsetup suspend --nolockfs m && "
               "dmsetup resume --noudevsync --noudevrules m || exit 1; done")
    for handle in [node.start(command) for node in mirror.nodes]:
        handle.wait(count * 10)


@scenario(tags=TAGS, rounds=Rounds(default=4, full=100, timeout_s=20),
          variants={"in-step": {"reload": reload_in_step}, "each-for-itself": {"reload": reload_each_for_itself}})
def reloaded_again_and_again(lab: Lab, rounds: int, reload) -> None:
    """All nodes load the table anew at once, many times in a row, under writes; nothing is left of the old tables."""
    fill_legs(lab)
    start_daemons(lab)
    mirror = ClusterMirror(lab).create()
    mirror.wait_in_sync()
    stripes = stripes_for(lab, mirror.path, size_mb=1, at_mb=lambda ident: 20 * (ident - 1) + 10)
    lab.each(lambda node: stripes[node.ident].write(node))
    loads = start_loads(lab.nodes, mirror.path)
    descriptors = lab.each(count_descriptors)
    reload(mirror, rounds)
    await_more_writes(loads, DEPTH + 1)
    stop_loads(loads)
    verify_on_another_node(lab, stripes)
    mirror.wait_in_sync()
    for node in lab.nodes:
        instances = mirror.status(node)["instances"]
        assert [instance["state"] for instance in instances] == ["active"], instances
    wait_until(lambda: lab.each(count_descriptors) == descriptors, "log devices of old tables are closed")
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


def count_descriptors(node: Node) -> int:
    return int(node.run("ls /proc/$(cat /run/cmirrord.pid)/fd | wc -l").out)
