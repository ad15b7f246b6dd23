# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon dies, or is upgraded, under load: its kernel finds the next one."""
import random
import time
from typing import NamedTuple, Sequence

from lablib.channel import SIGKILL
from lablib.clogd import SIGTERM
from lablib.cluster import Lab
from lablib.clustered import ClusterMirror, assert_replicas_agree, fill_legs, start_daemons
from lablib.effort import Rounds
from lablib.load import VerifiedLoad, requests_asked_again, start_loads, stop_loads
from lablib.node import Node
from lablib.scenario import scenario

TAGS = ("restart",)
PROBE_MB = 60           # no load writes there
BACK_S = 5              # wanted where no request was lost; a kernel looks for a daemon every 2 s
BACK_AFTER_LOSS_S = 20  # wanted where one was: a kernel asks again after 15 s
WAIT_S = 60


class Way(NamedTuple):
    """How a daemon ends."""
    signal: int
    idle: bool          # its kernel waits for no answer then
    loses: bool         # it may take a request along


KILLED = Way(SIGKILL, idle=False, loses=True)
KILLED_IDLE = Way(SIGKILL, idle=True, loses=False)
STOPPED = Way(SIGTERM, idle=False, loses=False)


class Restart(NamedTuple):
    way: Way
    at_once: int        # so many daemons ended together
    back_s: float       # from the new daemon's start until a write of before it is complete
    constructors: int   # CTRs that it has seen
    lost: int           # requests that went down with the old one

    @property
    def is_late(self) -> bool:
        return self.back_s > (BACK_AFTER_LOSS_S if self.lost else BACK_S)


def restart(lab: Lab, loads: Sequence[VerifiedLoad], way: Way) -> list[Restart]:
    """Ends the daemons of these loads' nodes, all at once, and starts new ones."""
    nodes = [load.node for load in loads]
    if way.idle:
        for load in loads:
            load.pause()
    before = {node: requests_asked_again(node) for node in nodes}
    lab.each(lambda node: node.kill_clogd(way.signal), nodes)
    for load in loads:
        load.go_on()
    # Of a block of its own, for what is under way to the legs already ends without a daemon.
    probes = {load.node: load.node.start(f"dd if=/dev/zero of={load.path} bs=4k count=1 oflag=direct conv=notrunc "
                                         f"seek={(PROBE_MB + load.node.ident) * 256} 2>&1") for load in loads}

    def come_back(node: Node) -> Restart:
        started = time.monotonic()
        node.start_clogd(wait=False)
        probes[node].wait(WAIT_S)
        back_s = time.monotonic() - started
        node.wait_clogd()
        counters = node.clogctl("status", "--json")["node"]["counters"]
        return Restart(way, len(loads), back_s, counters["kernel_constructors"],
                       requests_asked_again(node) - before[node])

    return lab.each(come_back, nodes)


def note_restarts(lab: Lab, restarts: Sequence[Restart]) -> None:
    for what, limit_s, chosen in (
            ("with which a request went down", BACK_AFTER_LOSS_S, [each for each in restarts if each.lost]),
            ("with which none did", BACK_S, [each for each in restarts if not each.lost])):
        times = sorted(each.back_s for each in chosen)
        if times:
            late = sorted((each for each in chosen if each.is_late), key=lambda each: each.back_s)
            lab.note(f"{len(times)} daemons {what}; a write back within {limit_s} s of the start: "
                     f"{len(times) - len(late)}; median {times[len(times) // 2]:.1f} s, last {times[-1]:.1f} s"
                     + "".join(f"; late {each.back_s:.1f} s, of {each.at_once} at once" for each in late))


@scenario(tags=TAGS, rounds=Rounds(default=1, full=1, timeout_s=120))
def daemons_end_in_every_way(lab: Lab, rounds: int) -> None:
    """Killed, killed while idle, stopped, and all killed at once, under verified writes: nothing is lost."""
    end_daemons(lab, rounds, [KILLED, KILLED_IDLE, STOPPED], KILLED)


@scenario(tags=TAGS, rounds=Rounds(full=10, timeout_s=120),
          variants={"killed": {"way": KILLED}, "killed-idle": {"way": KILLED_IDLE}, "stopped": {"way": STOPPED}})
def daemons_end(lab: Lab, rounds: int, way: Way) -> None:
    """Each daemon in turn, then all at once, under verified writes: no error, no lost write, one CTR a reconnect."""
    end_daemons(lab, rounds, [way] * lab.node_count, way)


def end_daemons(lab: Lab, rounds: int, ways: Sequence[Way], way_of_all: Way) -> None:
    fill_legs(lab)
    start_daemons(lab)
    mirror = ClusterMirror(lab).create()
    loads = start_loads(lab.nodes, mirror.path)
    chance = random.Random(rounds)
    restarts = []
    for _ in range(rounds):
        for victims, way in (*(([load], way) for load, way in zip(loads, ways)), (loads, way_of_all)):
            time.sleep(chance.uniform(0.2, 1.5))    # the moment is anywhere in a write's life
            restarts += restart(lab, victims, way)
    stop_loads(loads)
    note_restarts(lab, restarts)
    assert all(each.constructors == 1 for each in restarts), restarts
    lost = [each for each in restarts if each.lost and not each.way.loses]
    assert not lost, f"requests were lost with daemons that had none: {lost}"
    mirror.wait_in_sync()
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")
