# SPDX-License-Identifier: GPL-2.0-or-later
"""Which processors of this machine a process runs on."""
import contextlib
import os


def confine(pid: int, processors: set[int], thread: str = "") -> None:
    """All threads of a process, or those of that name, run on these from now on."""
    for task in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):    # it has ended meanwhile
            with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as file:
                name = file.read().strip()
            if thread in ("", name):
                os.sched_setaffinity(int(task), processors)
