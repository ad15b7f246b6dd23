# SPDX-License-Identifier: GPL-2.0-or-later
"""Samples to medians, ratios and tables."""
import statistics
from typing import Sequence

from .measure import Samples
from .rows import Row
from .workloads import WORKLOADS, Workload

FIRST_WRITES = ("touch-1", "touch-8")


def middle(values: Sequence[float]) -> dict:
    return {"median": round(statistics.median(values), 4), "least": round(min(values), 4), "most": round(max(values), 4)}


def quotients(samples: Sequence[dict] | None, bases: Sequence[dict] | None, figure: str) -> dict | None:
    """Round by round: what disturbed the one disturbed the other. None where there is nothing to divide, or by."""
    if not samples or not bases:
        return None
    return middle([sample[figure] / base[figure] for sample, base in zip(samples, bases)])


def summarize(samples: Samples, rows: Sequence[Row]) -> dict:
    """What --json writes: for each workload and row the figures, and their ratios to the floor."""
    result: dict = {"cluster": {name: middle([sample[name] for sample in samples.cluster])
                                for name in samples.cluster[0]}, "workloads": {}}
    figures = {workload.name: workload.figure for workload in WORKLOADS}
    for workload, cells in samples.cells.items():
        summary = result["workloads"][workload] = {}
        for row in (row for row in rows if row.name in cells):
            summary[row.name] = {name: middle([sample[name] for sample in cells[row.name]])
                                 for name in cells[row.name][0]}
            if workload in figures:
                summary[row.name]["ratio"] = quotients(cells[row.name], cells.get(row.floor), figures[workload])
                summary[row.name]["p99_ratio"] = quotients(cells[row.name], cells.get(row.floor), "p99_ms")
    one, eight = (samples.cells.get(workload, {}) for workload in FIRST_WRITES)
    result["eight_to_one"] = {row.name: multiple for row in rows
                              if (multiple := quotients(eight.get(row.name), one.get(row.name), "iops"))}
    return result


def number(value: float) -> str:
    if 0 < value < 0.1:
        return f"{value:.4f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def spread(value: dict | None) -> str:
    if value is None:
        return "-"
    return f"{number(value['median'])} ({number(value['least'])}-{number(value['most'])})"


def table(title: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(len(head))]
    text = [title, ""]
    for line in [head, *lines]:
        text.append("  ".join(word.ljust(width) for word, width in zip(line, widths)).rstrip())
    return "\n".join(text) + "\n"


def workload_tables(summary: dict, rows: Sequence[Row], workloads: Sequence[Workload]) -> list[str]:
    def lines(pick) -> list[list[str]]:
        found = [[row.label] + [spread(pick(summary["workloads"][workload.name].get(row.name, {}), workload))
                                for workload in workloads] for row in rows]
        return [line for line in found if any(word != "-" for word in line[1:])]

    head = ["median (least-most)"] + [workload.name for workload in workloads]
    return [
        table("Operations a second, as a part of the floor's", head, lines(lambda cell, _: cell.get("ratio"))),
        table("99th percentile of latency, as a multiple of the floor's", head,
              lines(lambda cell, _: cell.get("p99_ratio"))),
        table("Operations a second; streams: MB/s", head,
              lines(lambda cell, workload: cell.get(workload.figure))),
        table("Median latency, ms", head, lines(lambda cell, _: cell.get("p50_ms"))),
        table("First writes, eight jobs to one", ["median (least-most)", " to ".join(reversed(FIRST_WRITES))],
              [[row.label, spread(summary["eight_to_one"][row.name])] for row in rows
               if row.name in summary["eight_to_one"]]),
        table("Operations that clogd sent through Corosync, for one of the mirror's", head,
              lines(lambda cell, _: cell.get("operations_sent"))),
    ]


def whole_table(summary: dict, rows: Sequence[Row]) -> list[str]:
    names = [name for name in ("resync", "resume") if name in summary["workloads"]]
    if not names:
        return []
    lines = []
    for row in rows:
        cells = [summary["workloads"][name].get(row.name) for name in names]
        if not any(cells):
            continue
        messages = next((cell["messages"]["median"] / cell["regions"]["median"] for cell in cells
                         if cell and "messages" in cell), None)
        lines.append([row.label] + [spread(cell["s"] if cell else None) for cell in cells] +
                     ["-" if messages is None else f"{messages:.3f}"])
    return [table("Whole mirrors, seconds", ["median (least-most)", *names, "messages a region"], lines)]


def write(summary: dict, rows: Sequence[Row]) -> str:
    """All tables as text."""
    workloads = [workload for workload in WORKLOADS if workload.name in summary["workloads"]]
    cluster = summary["cluster"]
    parts = workload_tables(summary, rows, workloads) if workloads else []
    parts += whole_table(summary, rows)
    parts.append(f"Corosync delivers a message to its sender in {spread(cluster['cpg_p50_ms'])} ms (median), "
                 f"{spread(cluster['cpg_p99_ms'])} ms (99th percentile).\n"
                 f"A synchronous 4 KiB write of the log's disk takes {spread(cluster['log_write_p50_ms'])} ms (median).\n")
    return "\n".join(parts)
