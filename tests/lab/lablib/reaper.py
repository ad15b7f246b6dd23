# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing outlives the harness: a process that waits for the harness's end and then cleans up.

It is told of each process group and each temporary directory by lines on a pipe, and acts when the pipe
closes, whatever ended the harness. To be forked before the harness has threads.
"""
import ctypes
import os
import shutil
import signal

PR_SET_CHILD_SUBREAPER = 36


class Reaper:
    def __init__(self) -> None:
        adopt_orphans()
        read_end, self.write_end = os.pipe()
        if os.fork() == 0:
            os.close(self.write_end)
            os.setsid()
            try:
                _reap(read_end)
            finally:
                os._exit(0)
        os.close(read_end)

    def add_group(self, group: int) -> None:
        self._tell(f"+group {group}")

    def drop_group(self, group: int) -> None:
        self._tell(f"-group {group}")

    def add_directory(self, path: str) -> None:
        self._tell(f"+directory {path}")

    def _tell(self, line: str) -> None:
        os.write(self.write_end, line.encode() + b"\n")


def adopt_orphans() -> None:
    """Makes kill_group able to wait for grandchildren."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_group(group: int) -> None:
    """Returns when all its processes that this one could wait for are gone."""
    try:
        os.killpg(group, signal.SIGKILL)
        while True:
            os.waitpid(-group, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def _reap(read_end: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    directories: set[str] = set()
    with os.fdopen(read_end) as lines:
        for line in lines:
            verb, word = line.rstrip("\n").split(" ", 1)
            if verb == "+group":
                groups.add(int(word))
            elif verb == "-group":
                groups.discard(int(word))
            elif verb == "+directory":
                directories.add(word)
    for group in groups:
        kill_group(group)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
