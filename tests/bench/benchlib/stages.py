# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs that must run for the rows of a stage: started before, ended after."""
import contextlib
import os
import subprocess
from typing import Iterator

from lablib.cluster import Lab

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = {"floor": ["floor.c"],
            "ordered": ["-DORDERED", "floor.c", "ordered.c", "-lcpg"],      # a message for each request that marks
            "cpg_latency": ["cpg_latency.c", "ordered.c", "-lcpg"]}


def build(lab: Lab, name: str) -> str:
    """A program of tests/bench, compiled for this run."""
    binary = lab.rundir.file(name)
    if not os.path.exists(binary):
        subprocess.run(["cc", "-O2", "-o", binary, *PROGRAMS[name]], cwd=HERE, check=True)
    return binary


@contextlib.contextmanager
def floor(lab: Lab, program: str) -> Iterator[None]:
    handle = lab[1].start(f"exec {build(lab, program)} >/run/lab/floor.log")
    lab[1].run("until grep -q ready /run/lab/floor.log; do sleep 0.05; done", 10)
    yield
    handle.kill(15)
    handle.wait(10)


@contextlib.contextmanager
def daemons(lab: Lab, idents: list[int], arguments: str) -> Iterator[None]:
    nodes = [lab[ident] for ident in idents]
    lab.each(lambda node: node.start_clogd(arguments), nodes)
    yield
    lab.each(lambda node: node.check_clogd(), nodes)


def stage(lab: Lab, name: str, arguments: str = ""):
    """`arguments` are further options of clogd."""
    if name == "bare":
        return contextlib.nullcontext()
    if name in ("floor", "ordered"):
        return floor(lab, name)
    if name == "alone":
        return daemons(lab, [1], f"--standalone {arguments}")
    return daemons(lab, [1, 2, 3], arguments)
