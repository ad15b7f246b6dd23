# SPDX-License-Identifier: GPL-2.0-or-later
"""fio's command line and what its JSON says."""
import json
import signal
from typing import NamedTuple

from .channel import Handle

DEFAULTS = {"rw": "write", "bs": "4k", "iodepth": 1, "direct": 1, "ioengine": "psync"}


class FioResult(NamedTuple):
    read_iops: float
    write_iops: float
    error: int
    job: dict               # fio's own words on the job


class FioHandle:
    def __init__(self, handle: Handle) -> None:
        self.handle = handle

    def poll(self) -> bool:
        """Whether it has ended."""
        return self.handle.poll() is not None

    def kill(self) -> None:
        self.handle.kill()

    def stop(self, timeout: float = 30) -> FioResult:
        """Ends it early, in order: what it had under way is done."""
        self.handle.kill(signal.SIGINT)
        return self.wait(timeout, check=False)

    def wait(self, timeout: float = 120, check: bool = True) -> FioResult:
        out = self.handle.wait(timeout, check).out
        job = json.loads(out[out.index("{"):])["jobs"][0]
        return FioResult(job["read"]["iops"], job["write"]["iops"], job["error"], job)


def fio_command(filename: str, **options) -> str:
    """Options are fio's own, a dash written as an underscore; runtime implies time_based."""
    options = DEFAULTS | {"name": "job", "filename": filename} | options
    if "runtime" in options:
        options.setdefault("time_based", 1)
    words = [f"--{name}={value}" for name, value in options.items()]
    return " ".join(["fio --output-format=json --group_reporting", *words])
