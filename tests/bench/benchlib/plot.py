# SPDX-License-Identifier: GPL-2.0-or-later
"""The ratios as a picture: a dot for each median, a line for the spread, a column for each workload."""
import math
from typing import Sequence
from xml.sax.saxutils import escape

from .rows import Row
from .workloads import WORKLOADS, Workload

COLOURS = {"linear": "#bbbbbb", "core": "#888888", "disk": "#444444", "one": "#59a14f", "writer": "#4e79a7",
           "other": "#e15759"}
COLUMN, LEFT, TOP, HEIGHT, BOTTOM = 96, 60, 60, 300, 60
LEAST, MOST = 0.0625, 16.0
TICKS = (0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


def height_of(ratio: float) -> float:
    inside = min(max(ratio, LEAST), MOST)
    return TOP + HEIGHT * (1 - math.log(inside / LEAST) / math.log(MOST / LEAST))


def text(x: float, y: float, words: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float = 1) -> str:
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"/>')


def axis(width: float) -> list[str]:
    parts = [line(LEFT, height_of(tick), width, height_of(tick), "#000" if tick == 1 else "#ddd") for tick in TICKS]
    return parts + [text(LEFT - 8, height_of(tick) + 4, f"{tick:g}", "end") for tick in TICKS]


def legend(rows: Sequence[Row]) -> list[str]:
    parts = []
    for number, row in enumerate(rows):
        x = LEFT + number * 165
        parts += [f'<circle cx="{x}" cy="34" r="5" fill="{COLOURS[row.name]}"/>', text(x + 10, 38, row.label, "start")]
    return parts


def column(number: int, workload: Workload, cells: dict, rows: Sequence[Row]) -> list[str]:
    middle = LEFT + COLUMN * (number + 0.5)
    name, _, kind = workload.label.partition(", ")
    parts = [text(middle, TOP + HEIGHT + 20, name), text(middle, TOP + HEIGHT + 36, kind)]
    for place, row in enumerate(rows):
        ratio = cells.get(row.name, {}).get("ratio")
        if ratio is None:
            continue
        x = middle + (place - (len(rows) - 1) / 2) * 13
        colour = COLOURS[row.name]
        parts += [line(x, height_of(ratio["least"]), x, height_of(ratio["most"]), colour, 2),
                  f'<circle cx="{x:.1f}" cy="{height_of(ratio["median"]):.1f}" r="5" fill="{colour}"/>']
    return parts


def draw(summary: dict, rows: Sequence[Row]) -> str:
    shown = [row for row in rows if row.name in COLOURS]
    workloads = [workload for workload in WORKLOADS if workload.name in summary["workloads"]]
    width = LEFT + max(COLUMN * len(workloads), 165 * len(shown)) + 20
    parts = [text(LEFT, 16, "Operations a second, as a part of the floor's (a log server that keeps nothing); "
                            "median and spread", "start")]
    parts += legend(shown) + axis(width - 20)
    for number, workload in enumerate(workloads):
        parts += column(number, workload, summary["workloads"][workload.name], shown)
    height = TOP + HEIGHT + BOTTOM
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                      'font-family="sans-serif" font-size="12">',
                      f'<rect width="{width}" height="{height}" fill="#fff"/>', *parts, "</svg>", ""])
