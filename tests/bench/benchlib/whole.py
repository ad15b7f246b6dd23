# SPDX-License-Identifier: GPL-2.0-or-later
"""Work on whole mirrors, a mirror of its own each: copying all of it, and resuming a big log. In seconds."""
from lablib.cluster import Lab
from lablib.mirror import CLUSTERED
from lablib.node import Node

from .rows import OTHER, Row

RESYNC_MB = 512
RESYNC_REGIONS = RESYNC_MB * 2      # of 512 KiB
BIG_REGIONS = 1 << 25
BIG_REGION_SECTORS = 8
POLL_S = 0.02
TIMEOUT_S = 120


def timed(node: Node, command: str):
    """Starts it; it prints its seconds."""
    return node.start(f"set -e; begin=$(date +%s.%N); {command}; "
                      "echo \"$begin $(date +%s.%N)\" | awk '{print $2 - $1}'")


def seconds(handle) -> float:
    return float(handle.wait(TIMEOUT_S).out.split()[-1])


def create_command(node: Node, name: str, table: str) -> str:
    return f"dmsetup create --noudevsync --noudevrules {name} --table '{table}'"


def counters(lab: Lab, row: Row, uuid: str) -> dict:
    """Of that log, over all its nodes."""
    total: dict[str, int] = {}
    for ident in row.nodes:
        logs = lab[ident].clogctl("status", "--json")["logs"]
        for name, value in next(log for log in logs if log["uuid"] == uuid)["counters"].items():
            total[name] = total.get(name, 0) + value
    return total


def resync(lab: Lab, row: Row) -> dict:
    """All nodes create the mirror at once; until the first one's kernel says that all is in sync."""
    uuid = f"resync-{row.name}"
    name = "resync"
    lines = [lab[ident].mirror_line(uuid, log=row.log, region_size=1024, length_sectors=RESYNC_MB * 2048,
                                    words=["sync"], integrated_flush=row.integrated_flush) for ident in row.nodes]
    first = timed(lab[1], f"{create_command(lab[1], name, lines[0])}; "
                          f"until dmsetup status {name} | grep -q ' {RESYNC_REGIONS}/{RESYNC_REGIONS} '; "
                          f"do sleep {POLL_S}; done")
    others = [lab[ident].start(create_command(lab[ident], name, line))
              for ident, line in zip(row.nodes[1:], lines[1:])]
    result = {"s": seconds(first)}
    for other in others:
        other.wait()
    if row.log in CLUSTERED:
        counted = counters(lab, row, uuid)
        result |= {"regions": counted["regions_recovered"], "messages": counted["operations_sent"]}
    for ident in row.nodes:
        lab[ident].dm_remove(name)
    return result


def resume(lab: Lab, row: Row) -> dict:
    """Creates a mirror of many regions, all in sync. From another node: its state is in the cluster already."""
    name = "big"
    node = lab[row.node]
    line = node.mirror_line(f"big-{row.table}".replace(" ", ""), log=row.log, region_size=BIG_REGION_SECTORS,
                            legs=("big0", "big1"), logdev="biglog", words=["nosync"],
                            integrated_flush=row.integrated_flush)
    if row.node == OTHER:
        lab[1].dm_create(name, line, TIMEOUT_S)
    result = {"s": seconds(timed(node, create_command(node, name, line)))}
    for ident in sorted({1, row.node}):
        lab[ident].dm_remove(name)
    return result
