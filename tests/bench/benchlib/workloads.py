# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done with each row, and where on the mirror.

    [0, HOT_MB)          sequential and hot-set writes, random reads
    [HOT_MB, STREAM_MB)  8,192 regions, each written once a round: the first touch
    [STREAM_MB, end)     streams
"""
import random
from dataclasses import dataclass
from typing import Callable

from lablib.fio import FioHandle, fio_command
from lablib.node import Node

REGION_SECTORS = 1024
REGION_KB = REGION_SECTORS // 2
JOBS = 8
HOT_MB = 512
HOT_REGIONS = 256
TOUCH_REGIONS = 8192
STREAM_MB = HOT_MB + TOUCH_REGIONS * REGION_KB // 1024
STREAM_SIZE_MB = 1024
LEG_MB = STREAM_MB + STREAM_SIZE_MB


@dataclass
class Cell:
    """One run of a workload on a row."""
    node: Node
    path: str
    runtime_s: float
    round: int
    share: int          # which of the rows of this table: they touch different regions

    def fio(self, **options) -> dict:
        handle = self.node.start(fio_command(self.path, thread=1, randrepeat=0, norandommap=1, **options))
        return figures(FioHandle(handle).wait(60 + 3 * self.runtime_s).job)


def figures(job: dict) -> dict:
    side = job["write"] if job["write"]["total_ios"] else job["read"]
    percentile = side["clat_ns"]["percentile"]
    assert job["error"] == 0, job
    return {"ios": side["total_ios"], "iops": side["iops"], "mb_s": side["bw_bytes"] / 1e6,
            "p50_ms": percentile["50.000000"] / 1e6, "p99_ms": percentile["99.000000"] / 1e6}


def sequential(cell: Cell, jobs: int) -> dict:
    return cell.fio(rw="write", numjobs=jobs, size=f"{HOT_MB // jobs}M", offset_increment=f"{HOT_MB // jobs}M",
                    runtime=cell.runtime_s)


def hot_set(cell: Cell, jobs: int) -> dict:
    # Each region once before: what is measured is steady use.
    cell.fio(rw="write", zonemode="strided", zonesize="4k", zonerange=f"{REGION_KB}k", io_size=f"{HOT_REGIONS * 4}k",
             size=f"{HOT_REGIONS * REGION_KB}k")
    return cell.fio(rw="randwrite", numjobs=jobs, size=f"{HOT_REGIONS * REGION_KB}k", runtime=cell.runtime_s)


def first_touch(cell: Cell, jobs: int) -> dict:
    """No region twice: fio replays a list of writes."""
    regions = list(range(TOUCH_REGIONS))
    random.Random(cell.round).shuffle(regions)
    regions = regions[cell.share * TOUCH_REGIONS // 2:][:TOUCH_REGIONS // 2]
    # A quarter for one job at a time, the rest for eight.
    regions = regions[:TOUCH_REGIONS // 8] if jobs == 1 else regions[TOUCH_REGIONS // 8:]
    words = ["fio --output-format=json --group_reporting --name=global --thread --direct=1 --ioengine=psync",
             f"--runtime={cell.runtime_s}"]
    for number in range(jobs):
        lines = ["fio version 2 iolog", f"{cell.path} add", f"{cell.path} open"]
        lines += [f"{cell.path} write {(HOT_MB << 20) + region * (REGION_KB << 10)} 4096"
                  for region in regions[number::jobs]]
        name = cell.node.lab.rundir.file(f"touch-{cell.node.name}-{number}.iolog")
        with open(name, "w", encoding="ascii") as file:
            file.write("\n".join(lines + [f"{cell.path} close", ""]))
        words.append(f"--name=job{number} --read_iolog={name}")
    return figures(FioHandle(cell.node.start(" ".join(words))).wait(60 + 3 * cell.runtime_s).job)


def stream(cell: Cell, jobs: int) -> dict:
    size = STREAM_SIZE_MB // jobs
    return cell.fio(rw="write", bs="1M", numjobs=jobs, offset=f"{STREAM_MB}M", offset_increment=f"{size}M",
                    size=f"{size}M", runtime=cell.runtime_s)


def random_read(cell: Cell, jobs: int) -> dict:
    return cell.fio(rw="randread", numjobs=jobs, size=f"{HOT_MB}M", runtime=cell.runtime_s)


@dataclass(frozen=True)
class Workload:
    name: str
    label: str
    run: Callable[[Cell, int], dict]
    jobs: int
    figure: str = "iops"


WORKLOADS = (
    Workload("touch-1", "first touch, QD 1", first_touch, 1),
    Workload("touch-8", "first touch, 8 jobs", first_touch, JOBS),
    Workload("seq-1", "sequential, QD 1", sequential, 1),
    Workload("seq-8", "sequential, 8 jobs", sequential, JOBS),
    Workload("hot-1", "hot set, QD 1", hot_set, 1),
    Workload("hot-8", "hot set, 8 jobs", hot_set, JOBS),
    Workload("stream-1", "stream 1 MiB, QD 1", stream, 1, "mb_s"),
    Workload("stream-8", "stream 1 MiB, 8 jobs", stream, JOBS, "mb_s"),
    Workload("read-1", "random read, QD 1", random_read, 1),
    Workload("read-8", "random read, 8 jobs", random_read, JOBS),
)
