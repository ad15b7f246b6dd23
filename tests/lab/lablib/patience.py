# SPDX-License-Identifier: GPL-2.0-or-later
"""How slow this machine is at what nodes are made of.

Limits that are there to find what hangs are in the seconds of an ordinary machine, and are longer on a slow one. What
clogd promises is not stretched: scenarios compare those times themselves.
"""
import functools
import os
import statistics
import time

# A node's process is one of the host's, and each page it gets there is work for the host; so is a fork.
ORDINARY_FORK_S = 0.002
MEASURED_FORKS = 20
SLOWEST = 5


@functools.cache
def slowness() -> float:
    """From 1, an ordinary machine, to SLOWEST; measured once a run."""
    return min(SLOWEST, max(1.0, statistics.median(_fork_s() for _ in range(MEASURED_FORKS)) / ORDINARY_FORK_S))


def limit(seconds: float) -> float:
    return seconds * slowness()


def deadline(seconds: float) -> float:
    """In time.monotonic()."""
    return time.monotonic() + limit(seconds)


def nap(seconds: float) -> None:
    """Between two looks at a node: each starts a program there, which takes that much longer as well."""
    time.sleep(limit(seconds))


def _fork_s() -> float:
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return time.monotonic() - started
