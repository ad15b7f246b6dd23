# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the rounds: in each, every row once. What changes on the machine meanwhile meets all rows alike."""
import itertools
import os
from dataclasses import dataclass, field
from typing import Callable, Sequence

from lablib.cluster import Lab

from .rows import OTHER, WRITER, Row
from .stages import build, stage
from .whole import counters, resume, resync
from .workloads import HOT_MB, LEG_MB, REGION_SECTORS, STREAM_MB, Cell, Workload

DISKS = {"leg0": f"{LEG_MB}M", "leg1": f"{LEG_MB}M", "log": "1M", "big0": "128G", "big1": "128G", "biglog": "8M"}
PAUSE_S = 0.2
COUNTED = ("operations_sent", "log_device_writes")


@dataclass
class Plan:
    rows: Sequence[Row]
    workloads: Sequence[Workload]
    whole: Sequence[str]            # of "resync", "resume"
    rounds: int
    runtime_s: float
    arguments: str = ""             # more options for clogd
    busy: bool = False              # a program that never sleeps runs on the writer's node


@dataclass
class Samples:
    """samples[workload][row] is a list with a dictionary of figures for each round."""
    cells: dict[str, dict[str, list[dict]]] = field(default_factory=dict)
    cluster: list[dict] = field(default_factory=list)

    def add(self, workload: str, row: str, result: dict) -> None:
        self.cells.setdefault(workload, {}).setdefault(row, []).append(result)


def uuid_of(row: Row) -> str:
    return f"bench-{row.stage}-{int(row.integrated_flush)}"


class Bench:
    def __init__(self, lab: Lab, plan: Plan, say: Callable[[str], None]) -> None:
        self.lab = lab
        self.plan = plan
        self.say = say
        self.samples = Samples()

    def run(self) -> Samples:
        if self.plan.busy:
            self.lab[WRITER].start("exec yes >/dev/null")
        self._fill_legs()
        for number in range(1, self.plan.rounds + 1):
            self._measure_cluster()
            for name, rows in itertools.groupby(self.plan.rows, lambda row: row.stage):
                with stage(self.lab, name, self.plan.arguments):
                    self._run_stage(number, list(rows))
            self.say(f"round {number} of {self.plan.rounds} is done")
        return self.samples

    def _fill_legs(self) -> None:
        """Where much is written to, so that the first row does not pay for the memory of the disks."""
        for leg in ("leg0", "leg1"):
            for begin, end in ((0, HOT_MB), (STREAM_MB, LEG_MB)):
                for megabyte in range(begin, end):
                    self.lab.disks.write(leg, megabyte << 20, bytes(1 << 20))

    def _give_a_processor(self, ident: int) -> None:
        """A node of a real cluster shares its processors with no other: nor does the one that is measured."""
        own, *rest = sorted(os.sched_getaffinity(0))
        for node in self.lab.nodes:
            node.kernel.run_on(own if node.ident == ident or not rest else rest[node.ident % len(rest)])

    def _measure_cluster(self) -> None:
        """What a message and what a write of a log device's block cost, without anything of clogd."""
        node = self.lab[OTHER]
        self._give_a_processor(OTHER)
        words = node.run(f"{build(self.lab, 'cpg_latency')} 200").out.split()
        disk = node.fio(node.device("log"), rw="write", size="1M", sync="dsync", runtime=1).job["write"]
        self.samples.cluster.append({"cpg_p50_ms": float(words[1]), "cpg_p99_ms": float(words[3]),
                                     "log_write_p50_ms": disk["clat_ns"]["percentile"]["50.000000"] / 1e6})

    def _run_stage(self, number: int, rows: list[Row]) -> None:
        tables = sorted({row.table: None for row in rows}, key=lambda table: [row.table for row in rows].index(table))
        for table in tables:
            sharing = [row for row in rows if row.table == table]
            self._run_table(number, sharing)
            for row in sharing:
                self._run_whole(row)

    def _run_table(self, number: int, rows: list[Row]) -> None:
        path = self._create(rows[0])
        for row in rows:
            self._give_a_processor(row.node)
            for workload in self.plan.workloads:
                if row.workloads and workload.name not in row.workloads:
                    continue
                cell = Cell(self.lab[row.node], path, self.plan.runtime_s, number, int(row.node == OTHER))
                before = self._counters(row)
                figures = workload.run(cell, workload.jobs)
                after = self._counters(row)
                figures |= {name: (after[name] - before[name]) / figures["ios"] for name in after}
                self.samples.add(workload.name, row.name, figures)
        for ident in rows[0].nodes:
            self.lab[ident].dm_remove("m")

    def _counters(self, row: Row) -> dict[str, int]:
        """Of all nodes; nothing for what is not clogd."""
        if not row.is_clogd:
            return {}
        total = counters(self.lab, row, uuid_of(row))
        return {name: total[name] for name in COUNTED}

    def _create(self, row: Row) -> str:
        if not row.log:
            return self.lab[1].dm_linear("m", "leg0")
        for ident in row.nodes:
            path = self.lab[ident].mirror_create(
                "m", uuid_of(row), log=row.log, region_size=REGION_SECTORS,
                words=["nosync"], integrated_flush=row.integrated_flush)
        return path

    def _run_whole(self, row: Row) -> None:
        if "resync" in self.plan.whole and row.keeps_a_log and row.node != OTHER:
            self.samples.add("resync", row.name, resync(self.lab, row))
        if "resume" in self.plan.whole and row.keeps_a_log and not row.integrated_flush:
            self.samples.add("resume", row.name, resume(self.lab, row))
