# SPDX-License-Identifier: GPL-2.0-or-later
"""What is compared: kinds of logs, and the node from which they are used.

Rows of one stage share the programs that run; rows of one table share a mirror too.
"""
from dataclasses import dataclass
from typing import Sequence

WRITER, OTHER = 1, 2        # ids of nodes: the first that attaches writes the log device


@dataclass(frozen=True)
class Row:
    name: str
    label: str
    stage: str                  # bare, floor, ordered, alone (clogd --standalone), cluster
    log: str                    # a kernel's or clustered type; "" is no mirror at all
    integrated_flush: bool = False
    node: int = WRITER
    workloads: Sequence[str] = ()   # none: all

    @property
    def nodes(self) -> list[int]:
        return [1, 2, 3] if self.stage == "cluster" else [1]

    @property
    def table(self) -> tuple:
        return self.stage, self.log, self.integrated_flush

    @property
    def is_clogd(self) -> bool:
        return self.stage in ("alone", "cluster")

    @property
    def keeps_a_log(self) -> bool:
        return self.is_clogd or self.stage == "bare" and self.log != ""

    @property
    def floor(self) -> str:
        """The row that is this one's measure."""
        return "floor-flush" if self.integrated_flush else "floor"


ROWS = (
    Row("linear", "no mirror (linear)", "bare", ""),
    Row("core", "kernel's core log", "bare", "core"),
    Row("disk", "kernel's disk log", "bare", "disk"),
    Row("floor", "floor", "floor", "clustered-disk"),
    Row("floor-flush", "floor, integrated flush", "floor", "clustered-disk", True),
    Row("ordered", "floor, a message a mark", "ordered", "clustered-disk", workloads=("touch-1", "touch-8")),
    Row("one", "clogd, 1 node", "alone", "clustered-disk"),
    Row("one-flush", "clogd, 1 node, i. flush", "alone", "clustered-disk", True),
    Row("writer", "clogd, 3 nodes, writer", "cluster", "clustered-disk"),
    Row("writer-flush", "clogd, 3 nodes, writer, i. flush", "cluster", "clustered-disk", True),
    Row("other", "clogd, 3 nodes, other", "cluster", "clustered-disk", False, OTHER),
    Row("other-flush", "clogd, 3 nodes, other, i. flush", "cluster", "clustered-disk", True, OTHER),
)


def select_rows(names: Sequence[str]) -> list[Row]:
    """In the order above; with each row its floor, for without it there is no ratio."""
    wanted = set(names) or {row.name for row in ROWS}
    wanted |= {row.floor for row in ROWS if row.name in wanted}
    return [row for row in ROWS if row.name in wanted]
