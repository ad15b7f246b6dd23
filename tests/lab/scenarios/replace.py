# SPDX-License-Identifier: GPL-2.0-or-later
"""clogd takes the place of another log server (docs/replace-cmirrord.md): of cmirrord itself, and of one that leaves
no more behind than any server of these logs does, the kernels with their mirrors and the log device.
"""
import time

from lablib.cluster import Lab
from lablib.cmirrord import Cmirrord
from lablib.clustered import ClusterMirror, Stripe, assert_replicas_agree, fill_legs, start_daemons, wait_until
from lablib.load import DEPTH, start_loads, stop_loads
from lablib.node import Node
from lablib.scenario import scenario

TAGS = ("replace",)
REGIONS = 128


def await_writes(lab: Lab, loads: list) -> None:
    """More than can be under way already: each node's mirror takes new ones."""
    waiting = [load.node.start_await_writes(load.name, load.writes_done() + DEPTH + 1) for load in loads]
    for each in waiting:
        each.wait(60)


def kill_clogds(lab: Lab) -> None:
    lab.each(Node.kill_clogd)
    lab.each(lambda node: node.run("rm -r /run/clogd"))


def replace_under_writes(lab: Lab, kill_former) -> None:
    """The former ones serve already."""
    mirror = ClusterMirror(lab).create()
    mirror.wait_in_sync()
    loads = start_loads(lab.nodes, mirror.path)
    await_writes(lab, loads)
    kill_former()
    started = time.monotonic()
    start_daemons(lab)
    await_writes(lab, loads)
    lab.note(f"writes go on {time.monotonic() - started:.1f} s after the start of the new ones")
    stop_loads(loads)
    mirror.wait_in_sync()
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS, timeout=240)
def log_servers_are_replaced_under_writes(lab: Lab) -> None:
    """All are killed at once under verified writes, and clogd starts everywhere with no memory: nothing is lost."""
    fill_legs(lab)
    start_daemons(lab)
    replace_under_writes(lab, lambda: kill_clogds(lab))


@scenario(tags=TAGS, timeout=240)
def cmirrord_is_replaced_under_writes(lab: Lab) -> None:
    """The same from cmirrord: killed everywhere at once under verified writes, clogd starts, nothing is lost."""
    fill_legs(lab)
    former = Cmirrord(lab).start()
    replace_under_writes(lab, former.kill)


@scenario(tags=TAGS, timeout=240)
def cmirrord_is_replaced_with_mirrors_down(lab: Lab) -> None:
    """Mirrors are removed, cmirrord ended, clogd started, mirrors made again: nothing is copied, and all is there."""
    fill_legs(lab)
    former = Cmirrord(lab).start()
    mirror = ClusterMirror(lab).create()
    mirror.wait_in_sync()
    stripe = Stripe(mirror.path, 1, 8, 4)
    stripe.write(lab[1])
    mirror.remove()
    second = lab[1].run(f"{lab.binary('clogd')} -f", check=False)
    assert second.status == 1 and "another daemon is running" in second.err, second
    former.end()
    start_daemons(lab)
    mirror.create()
    log = mirror.status(lab[1])
    assert log["in_sync"] == REGIONS, log
    stripe.verify(lab[3])
    wait_until(lambda: mirror.status(lab[2])["dirty"] == 0, "no region marked")
    copied = [mirror.status(node)["counters"]["regions_recovered"] for node in lab.nodes]
    assert copied == [0, 0, 0], copied
    mirror.remove()
    lab.assert_same("leg0", "leg1")
