# SPDX-License-Identifier: GPL-2.0-or-later
"""Quorum is lost and comes back: partitions, deaths of a majority, Corosync's own end."""
import random
import time
from typing import Callable

from lablib.channel import SIGKILL
from lablib.cluster import Lab
from lablib.clustered import ClusterMirror, assert_replicas_agree, fill_legs, start_daemons, stripes_for, wait_until
from lablib.effort import Rounds
from lablib.load import DEPTH, VerifiedLoad, assert_no_writes, await_more_writes, start_loads, stop_loads
from lablib.node import Node
from lablib.scenario import scenario

TAGS = ("quorum",)
ATTENTION = 1
MAJORITY_WRITES = 200       # while the minority is frozen


def create_with_data(lab: Lab) -> tuple[ClusterMirror, dict]:
    """A mirror in sync, with a stripe of each node beyond the parts that loads write."""
    fill_legs(lab)
    start_daemons(lab)
    mirror = ClusterMirror(lab).create()
    mirror.wait_in_sync()
    stripes = stripes_for(lab, mirror.path, size_mb=1, at_mb=lambda ident: 20 * (ident - 1) + 10)
    lab.each(lambda node: stripes[node.ident].write(node))
    return mirror, stripes


def assert_frozen(mirror: ClusterMirror, node: Node) -> None:
    """Says so, and why, to people and to programs."""
    wait_until(lambda: mirror.status(node)["state"] == "frozen", f"{node} is frozen")
    result = node.clogctl_run("status")
    assert result.status == ATTENTION, result
    assert "NOT quorate" in result.out and " frozen " in result.out, result
    assert node.clogctl("status", "--json")["node"]["quorate"] is False
    assert mirror.status(node)["reason"] in node.clogctl("status", mirror.name), "it says why"


def lose_quorum(lab: Lab, mirror: ClusterMirror, stripes: dict, load: VerifiedLoad, lose: Callable[[], None]) -> None:
    """A node that has no quorum says so, reads all there is, and holds the writes of its load, which go on then."""
    node = load.node
    # While a write is held, the kernel's mirror thread takes no reads either.
    load.pause()
    lose()
    lab.wait_inquorate([node.ident])
    assert_frozen(mirror, node)
    for stripe in stripes.values():
        stripe.verify(node)
    held = requests_held(mirror, node)
    load.go_on()
    wait_until(lambda: requests_held(mirror, node) > held, f"a write of {node} is held")


def requests_held(mirror: ClusterMirror, node: Node) -> int:
    return mirror.status(node)["counters"]["requests_held"]


def finish(lab: Lab, mirror: ClusterMirror, stripes: dict, loads: list[VerifiedLoad]) -> None:
    """All go on, nothing is lost, all agree."""
    await_more_writes(loads, DEPTH + 1)
    stop_loads(loads)
    for node in lab.nodes:
        for stripe in stripes.values():
            stripe.verify(node)
    mirror.wait_in_sync()
    assert_replicas_agree(lab)
    assert [mirror.status(node)["state"] for node in lab.nodes] == ["active"] * len(lab.nodes)
    assert all(node.clogctl_run("status").status == 0 for node in lab.nodes)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS, rounds=Rounds(default=1, full=6, timeout_s=90))
def minority_freezes_and_reads(lab: Lab, rounds: int) -> None:
    """A node that is cut off reads on and writes nothing, the majority writes; after the merge all go on."""
    mirror, stripes = create_with_data(lab)
    loads = start_loads(lab.nodes, mirror.path)
    for number in range(rounds):
        load = loads[number % 3]
        rest = [each for each in loads if each is not load]
        majority = [each.node.ident for each in rest]
        await_more_writes(loads, DEPTH + 1)
        lose_quorum(lab, mirror, stripes, load, lambda: lab.partition([load.node.ident], majority))
        lab.wait_quorate(majority)
        assert_no_writes(mirror, [load], lambda: await_more_writes(rest, MAJORITY_WRITES))
        lab.heal()
        lab.wait_quorate()
        await_more_writes([load], DEPTH + 1)
    finish(lab, mirror, stripes, loads)


@scenario(tags=TAGS, rounds=Rounds(default=1, full=6, timeout_s=120))
def nobody_has_quorum(lab: Lab, rounds: int) -> None:
    """All nodes are cut off from each other while they write: all freeze; after the merge all go on."""
    mirror, stripes = create_with_data(lab)
    loads = start_loads(lab.nodes, mirror.path)
    for _ in range(rounds):
        await_more_writes(loads, DEPTH + 1)
        lab.partition([1], [2], [3])
        lab.wait_inquorate([1, 2, 3])
        for node in lab.nodes:
            assert_frozen(mirror, node)
        assert_no_writes(mirror, loads, lambda: time.sleep(2))
        lab.heal()
        lab.wait_quorate()
    finish(lab, mirror, stripes, loads)


@scenario(tags=TAGS, rounds=Rounds(default=1, full=5, timeout_s=150))
def majority_dies(lab: Lab, rounds: int) -> None:
    """Two nodes lose power while all write: the third freezes and reads on, and goes on when one is back."""
    mirror, stripes = create_with_data(lab)
    loads = start_loads(lab.nodes, mirror.path)
    for number in range(rounds):
        load = loads[number % 3]
        rest = [each for each in loads if each is not load]
        dead = [each.node for each in rest]
        await_more_writes(loads, DEPTH + 1)
        lose_quorum(lab, mirror, stripes, load, lambda: lab.each(lambda node: node.power_off(), dead))
        assert_no_writes(mirror, [load], lambda: lab.each(lambda node: node.boot(), dead))
        dead[0].start_corosync()
        lab.wait_quorate(sorted([load.node.ident, dead[0].ident]))
        # Until its daemon says that nothing writes there, what is out of sync is copied by nobody.
        dead[0].start_clogd()
        await_more_writes([load], DEPTH + 1)
        dead[1].start_corosync()
        lab.wait_quorate()
        dead[1].start_clogd()
        for each in rest:
            mirror.create_on(each.node)
            each.start()
        mirror.wait_in_sync()
    finish(lab, mirror, stripes, loads)


@scenario(tags=TAGS, rounds=Rounds(default=1, full=5, timeout_s=240))
def corosync_dies_under_load(lab: Lab, rounds: int) -> None:
    """Corosync is killed and started again on each node in turn, then on all at once, under verified writes."""
    mirror, stripes = create_with_data(lab)
    loads = start_loads(lab.nodes, mirror.path)
    chance = random.Random(rounds)
    for _ in range(rounds):
        for victims in (*([load] for load in loads), loads):
            time.sleep(chance.uniform(0.2, 1.5))    # the moment is anywhere in a write's life
            nodes = [load.node for load in victims]
            lab.each(lambda node: node.kill_corosync(SIGKILL), nodes)
            for node in nodes:
                assert_frozen(mirror, node)
                # Without a log server at hand the kernel would wait 2 s; the daemon is the same as before.
                assert node.clogd_is_up()
            lab.each(lambda node: node.start_corosync(), nodes)
            lab.wait_quorate()
            await_more_writes(loads, DEPTH + 1)
    finish(lab, mirror, stripes, loads)
