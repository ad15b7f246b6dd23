# SPDX-License-Identifier: GPL-2.0-or-later
"""A node dies while it writes: the survivors copy what it had marked."""
import random
import time

from lablib.cluster import Lab
from lablib.clustered import (ClusterMirror, Stripe, assert_replicas_agree, fill_legs, start_daemons, wait_until)
from lablib.effort import Rounds
from lablib.node import Node
from lablib.scenario import scenario

TAGS = ("death",)
LATE_LEG = "/dev/mapper/late"
LEG_DELAY_MS = 300
REPAIR_S = 30
ATTENTION = 1
TRIES_PER_KILL = 2          # a kill at which the legs were equal by chance is not counted
# Each job has a part of its own: which of two writes to one block at one time is the last, each leg may see otherwise.
RANDOM_WRITES = {"rw": "randwrite", "numjobs": 8, "runtime": 300, "offset": "16M", "size": "6M",
                 "offset_increment": "6M"}
WRITTEN = {"offset": "16M", "size": "48M"}


def create(lab: Lab, **log) -> ClusterMirror:
    """A mirror in sync whose second leg can be made late on each node."""
    lab.each(lambda node: node.dm_linear("late", "leg1"))
    mirror = ClusterMirror(lab, legs=["leg0", LATE_LEG], **log).create()
    mirror.wait_in_sync()
    return mirror


def write_and_die(lab: Lab, mirror: ClusterMirror, victim: Node, chance: random.Random) -> set[int]:
    """Pulls the plug under 8 jobs of random writes; the blocks in which the legs differ then."""
    before = victim.writes_done(mirror.name)
    victim.dm_slow_down("late", "leg1", LEG_DELAY_MS)
    victim.start_fio(mirror.path, **RANDOM_WRITES)
    victim.start_await_writes(mirror.name, before + chance.randrange(16, 160)).wait(60)
    victim.power_off()
    return set(lab.compare("leg0", "leg1"))


def come_back(lab: Lab, mirror: ClusterMirror, node: Node, args: str = "") -> None:
    """The dead node boots and has the mirror again, which is in sync."""
    node.boot()
    node.start_corosync()
    lab.wait_quorate()
    node.start_clogd(args)
    node.dm_linear("late", "leg1")
    mirror.create_on(node)
    assert node.mirror_status(mirror.name).is_in_sync, "what the dead node wrote is copied already"


@scenario(tags=TAGS, timeout=60, rounds=Rounds(default=1, full=10, timeout_s=120))
def node_dies_while_writing(lab: Lab, rounds: int) -> None:
    """Power-off under 8 random writers, one leg late: the legs differ, then are repaired with no operator."""
    kill_and_repair(lab, rounds, "clustered-disk")


@scenario(tags=TAGS, timeout=60, rounds=Rounds(default=1, full=10, timeout_s=120))
def node_dies_while_writing_core(lab: Lab, rounds: int) -> None:
    """The same without a log device."""
    kill_and_repair(lab, rounds, "clustered-core")


def kill_and_repair(lab: Lab, rounds: int, log: str) -> None:
    fill_legs(lab)
    start_daemons(lab)
    mirror = create(lab, log=log)
    chance = random.Random(rounds)
    counted, tried, blocks, seconds = 0, 0, [], []
    while counted < rounds:
        assert tried < TRIES_PER_KILL * rounds, f"the legs differed at {counted} of {tried} kills"
        victim = lab.nodes[tried % lab.node_count]
        survivors = [node for node in lab.nodes if node is not victim]
        tried += 1
        stripe = Stripe(mirror.path, tried, 0, 1)
        other_writer = stripe.start_write(survivors[0])
        differing = write_and_die(lab, mirror, victim, chance)
        lab.wait_quorate([node.ident for node in survivors])
        changed = time.monotonic()
        wait_until(lambda: not lab.compare("leg0", "leg1"), "identical legs after the membership change", REPAIR_S)
        assert other_writer.wait().error == 0
        for node in survivors:
            node.wait_in_sync(mirror.name, REPAIR_S)
        counted += bool(differing)
        blocks.append(len(differing))
        seconds.append(time.monotonic() - changed)
        assert seconds[-1] < REPAIR_S, f"repaired only {seconds[-1]:.1f} s after the membership change"
        assert_replicas_agree(lab, survivors)
        lab.assert_same("leg0", "leg1")
        stripe.verify(survivors[1])
        come_back(lab, mirror, victim)
    lab.note(f"{tried} kills, the legs differed at {counted} of them, in {sorted(blocks)} blocks; identical, and in sync "
             f"for all, after {max(seconds):.1f} s at most, half of them {sorted(seconds)[len(seconds) // 2]:.1f} s")
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS, timeout=60, rounds=Rounds(default=1, full=5, timeout_s=120))
def repair_waits_for_fencing(lab: Lab, rounds: int) -> None:
    """With --fencing on nothing of a dead node is copied, by nobody, until an operator says that it is fenced."""
    fill_legs(lab)
    start_daemons(lab, "--fencing on")
    mirror = create(lab)
    chance = random.Random(rounds)
    for number in range(rounds):
        victim = lab.nodes[-1 - number % lab.node_count]
        survivors = [node for node in lab.nodes if node is not victim]
        differing = write_and_die(lab, mirror, victim, chance)
        assert differing, "nothing differed at the cut: this proves nothing"
        lab.wait_quorate([node.ident for node in survivors])
        for node in survivors:
            wait_until(lambda: mirror.status(node)["waits_for_fencing"], f"{node} waits for fencing")
            result = node.clogctl_run("status")
            assert result.status == ATTENTION and f"clogctl fenced {victim.ident}" in result.out, result
        # Neither time nor the survivors' own I/O, also where the dead node wrote, makes them copy.
        recovered = [mirror.status(node)["counters"]["regions_recovered"] for node in survivors]
        stripes = [Stripe(mirror.path, 100 * number + at, 2 * at, 1) for at in range(len(survivors))]
        for stripe, node in zip(stripes, survivors):
            stripe.write(node)
            node.fio(mirror.path, rw="randread", runtime=3, **WRITTEN)
        assert set(lab.compare("leg0", "leg1")) >= differing, "repaired without a word about fencing"
        assert [mirror.status(node)["counters"]["regions_recovered"] for node in survivors] == recovered
        assert not any(node.mirror_status(mirror.name).is_in_sync for node in survivors)
        # Of a node that nobody waits for there is nothing to say.
        assert survivors[0].clogctl_run("fenced", str(survivors[1].ident)).status == ATTENTION

        assert survivors[0].clogctl_run("fenced", str(victim.ident)).status == 0
        said = time.monotonic()
        wait_until(lambda: not lab.compare("leg0", "leg1"), "identical legs after the word about fencing", REPAIR_S)
        lab.note(f"{len(differing)} blocks differed, and were repaired {time.monotonic() - said:.1f} s after the word")
        for node in survivors:
            node.wait_in_sync(mirror.name)
            assert not mirror.status(node)["waits_for_fencing"]
        for stripe, node in zip(stripes, reversed(survivors)):
            stripe.verify(node)
        assert_replicas_agree(lab, survivors)
        come_back(lab, mirror, victim, "--fencing on")
    mirror.remove()
    lab.assert_same("leg0", "leg1")
