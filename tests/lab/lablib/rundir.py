# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a run keeps its files: logs under the base directory, disk images in memory if there is room.

    <base>/run-<pid>/                 consoles, logs, states of failed scenarios; removed when all passed
    <memory>/clogd-lab-<pid>/         disk images and the nodes' memory; always removed
"""
import glob
import os
import shutil

from .reaper import Reaper

MEMORY_NEEDED_BYTES = 4 << 30
IMAGE_PREFIX = "clogd-lab-"
RUN_PREFIX = "run-"
KEPT_RUNS_MAX = 20


class RunDir:
    def __init__(self, base: str | None = None) -> None:
        base = base or os.environ.get("CLOGD_LAB_DIR") or "/tmp/clogd-lab"
        if any(letter in base for letter in " ,:"):
            raise ValueError(f"a kernel command line cannot carry this directory: {base}")
        memory = _memory_directory()
        _remove_stale(memory)
        _remove_oldest(base)
        self.path = os.path.join(os.path.abspath(base), f"{RUN_PREFIX}{os.getpid()}")
        shutil.rmtree(self.path, ignore_errors=True)
        os.makedirs(self.path)
        self.images = os.path.join(memory, f"{IMAGE_PREFIX}{os.getpid()}")
        os.makedirs(self.images, exist_ok=True)
        self.reaper = Reaper()
        self.reaper.add_directory(self.images)

    def file(self, name: str) -> str:
        return os.path.join(self.path, name)

    def image(self, name: str) -> str:
        return os.path.join(self.images, name)

    def remove(self, keep_logs: bool) -> None:
        shutil.rmtree(self.images, ignore_errors=True)
        if not keep_logs:
            shutil.rmtree(self.path, ignore_errors=True)
            try:
                os.rmdir(os.path.dirname(self.path))
            except OSError:
                pass  # other runs are there


def _memory_directory() -> str:
    try:
        room = os.statvfs("/dev/shm")
        if room.f_bavail * room.f_frsize >= MEMORY_NEEDED_BYTES:
            return "/dev/shm"
    except OSError:
        pass
    return "/tmp"


def _remove_oldest(base: str) -> None:
    """Failed runs keep their logs; not for ever."""
    runs = sorted(glob.glob(os.path.join(base, RUN_PREFIX + "*")), key=os.path.getmtime)
    for path in runs[:-KEPT_RUNS_MAX]:
        if not os.path.exists(f"/proc/{path.rsplit('-', 1)[1]}"):
            shutil.rmtree(path, ignore_errors=True)


def _remove_stale(memory: str) -> None:
    """Images whose run is gone: only where the reaper was killed too."""
    for path in glob.glob(os.path.join(memory, IMAGE_PREFIX + "*")):
        owner = path.rsplit("-", 1)[1]
        if not os.path.exists(f"/proc/{owner}"):
            shutil.rmtree(path, ignore_errors=True)
