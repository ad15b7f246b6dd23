# SPDX-License-Identifier: GPL-2.0-or-later
"""clogd takes the place of another log server (docs/replace-cmirrord.md).

The other one is played by a clogd that leaves nothing behind: what a successor finds is what any server of these logs
leaves, the kernels with their mirrors and the log device.
"""
import time

from lablib.cluster import Lab
from lablib.clustered import ClusterMirror, assert_replicas_agree, fill_legs, start_daemons
from lablib.load import DEPTH, start_loads, stop_loads
from lablib.node import Node
from lablib.scenario import scenario

TAGS = ("replace",)


def await_writes(lab: Lab, loads: list) -> None:
    """More than can be under way already: each node's mirror takes new ones."""
    waiting = [load.node.start_await_writes(load.name, load.writes_done() + DEPTH + 1) for load in loads]
    for each in waiting:
        each.wait(60)


@scenario(tags=TAGS, timeout=240)
def log_servers_are_replaced_under_writes(lab: Lab) -> None:
    """All are killed at once under verified writes, and clogd starts everywhere with no memory: nothing is lost."""
    fill_legs(lab)
    start_daemons(lab)
    mirror = ClusterMirror(lab).create()
    loads = start_loads(lab.nodes, mirror.path)
    await_writes(lab, loads)
    lab.each(Node.kill_clogd)
    lab.each(lambda node: node.run("rm -r /run/clogd"))
    started = time.monotonic()
    lab.each(Node.start_clogd)
    await_writes(lab, loads)
    lab.note(f"writes go on {time.monotonic() - started:.1f} s after the start of the new ones")
    stop_loads(loads)
    mirror.wait_in_sync()
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")
