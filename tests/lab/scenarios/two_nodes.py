# SPDX-License-Identifier: GPL-2.0-or-later
"""A cluster of two, with Corosync's two_node: parted, both halves are quorate, and only fencing says who goes on."""
import time

from lablib.cluster import Lab
from lablib.clustered import ClusterMirror, assert_replicas_agree, fill_legs, start_daemons, stripes_for, wait_until
from lablib.effort import Rounds
from lablib.load import DEPTH, VerifiedLoad, assert_no_writes, await_more_writes, start_loads, stop_loads
from lablib.node import Node
from lablib.scenario import scenario

ATTENTION = 1
FENCING = "--fencing on"
REPAIR_S = 30
RESTING_S = 2               # long enough for what must not happen
REASON = "others may have quorum as well; writes wait until they are fenced"


def create(lab: Lab) -> ClusterMirror:
    fill_legs(lab)
    start_daemons(lab, FENCING)
    mirror = ClusterMirror(lab).create()
    mirror.wait_in_sync()
    return mirror


def assert_waits_for(mirror: ClusterMirror, node: Node, other: Node) -> None:
    """Quorate and frozen, and it names who must be fenced, and how that is said."""
    wait_until(lambda: mirror.status(node)["state"] == "frozen", f"{node} is frozen")
    assert node.quorum().quorate and mirror.status(node)["reason"] == REASON, mirror.status(node)
    result = node.clogctl_run("status")
    assert result.status == ATTENTION and f"clogctl fenced {other.ident}" in result.out, result


def part(lab: Lab, mirror: ClusterMirror, loads: list[VerifiedLoad]) -> None:
    lab.partition([1], [2])
    lab.wait_quorate([1])
    lab.wait_quorate([2])
    assert_waits_for(mirror, lab[1], lab[2])
    assert_waits_for(mirror, lab[2], lab[1])
    assert_no_writes(mirror, loads, lambda: time.sleep(RESTING_S))


def fence(lab: Lab, victim: Node, survivor: Node) -> None:
    """As a fence agent and Pacemaker's hook do it: the plug, and then the word."""
    victim.power_off()
    lab.heal()
    assert survivor.clogctl_run("fenced", str(victim.ident)).status == 0


def come_back(lab: Lab, mirror: ClusterMirror, node: Node) -> None:
    node.boot()
    node.start_corosync()
    lab.wait_quorate()
    node.start_clogd(FENCING)
    mirror.create_on(node)


@scenario(nodes=2, tags=("quorum",), timeout=60, rounds=Rounds(default=1, full=6, timeout_s=120))
def half_waits_until_the_other_is_fenced(lab: Lab, rounds: int) -> None:
    """Two nodes are parted under writes: both freeze; one loses power, and with the word the other goes on, alone."""
    mirror = create(lab)
    stripes = stripes_for(lab, mirror.path, size_mb=1, at_mb=lambda ident: 20 * (ident - 1) + 10)
    lab.each(lambda node: stripes[node.ident].write(node))
    for number in range(rounds):
        victim, survivor = lab[2 - number % 2], lab[1 + number % 2]
        loads = start_loads(lab.nodes, mirror.path)
        await_more_writes(loads, DEPTH + 1)
        part(lab, mirror, loads)
        fence(lab, victim, survivor)
        load = loads[survivor.ident - 1]
        await_more_writes([load], DEPTH + 1)
        load.stop()
        wait_until(lambda: not lab.compare("leg0", "leg1"), "identical legs after the word about fencing", REPAIR_S)
        survivor.wait_in_sync(mirror.name)
        come_back(lab, mirror, victim)
        load.verify(victim)
        for stripe in stripes.values():
            stripe.verify(victim)
        assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(nodes=2, tags=("quorum",), timeout=60, rounds=Rounds(default=0, full=6, timeout_s=90))
def parted_halves_meet_again(lab: Lab, rounds: int) -> None:
    """Two nodes are parted under writes and meet again with nobody fenced: both freeze, then both go on."""
    mirror = create(lab)
    loads = start_loads(lab.nodes, mirror.path)
    for _ in range(rounds):
        await_more_writes(loads, DEPTH + 1)
        part(lab, mirror, loads)
        lab.heal()
        lab.wait_quorate()
        await_more_writes(loads, DEPTH + 1)
    stop_loads(loads)
    mirror.wait_in_sync()
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")
