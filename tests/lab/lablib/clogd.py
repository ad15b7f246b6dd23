# SPDX-License-Identifier: GPL-2.0-or-later
"""clogd and clogctl on a node."""
import json
import time

from .channel import SIGKILL, Result
from .errors import LabError, LabTimeout
from .patience import deadline, nap

LOG_LINE = "/dev/ttyS2"
NO_DAEMON = 2       # clogctl's exit status
POLL_S = 0.05
SIGTERM = 15


class Clogd:
    """The part of a node that knows clogd."""

    clogd = None                # Handle while it runs, and after
    clogd_signalled = False

    def start_clogd(self, args: str = "", env: str = "", wait: bool = True, timeout: float = 30) -> None:
        """`env` is NAME=value words before the command. Waits until it serves the kernel."""
        if self.clogd_is_up():
            raise LabError(f"{self.name}: clogd runs already")
        binary = self.lab.binary("clogd")
        self.clogd_signalled = False
        self.clogd = self.start(f"exec env {env} {binary} -f {args} >{LOG_LINE} 2>&1")
        if wait:
            self.wait_clogd(timeout)

    def clogd_is_up(self) -> bool:
        return self.is_up and self.clogd is not None and not self.clogd.done.is_set()

    def wait_clogd(self, timeout: float = 30) -> None:
        until = deadline(timeout)
        while not self._serves_kernel():
            result = self.clogd.poll()
            if result is not None:
                raise LabError(f"{self.name}: clogd ended with status {result.status}: see its log")
            if time.monotonic() > until:
                raise LabTimeout(f"{self.name}: clogd is not ready after {timeout} s")
            nap(POLL_S)

    def _serves_kernel(self) -> bool:
        """It answers clogctl before; its id is known, and not 0, once it has Corosync and listens to the kernel."""
        result = self.clogctl_run("status", "--json")
        return result.status != NO_DAEMON and json.loads(result.out)["node"]["id"] != 0

    def kill_clogd(self, signal: int = SIGKILL, timeout: float = 30) -> Result:
        """Returns how it ended; a status of -N is an end by signal N."""
        self.clogd_signalled = True
        self.clogd.kill(signal)
        return self.clogd.wait(timeout, check=False)

    def check_clogd(self) -> None:
        """A clogd that is up ends well when asked to; one that is not was ended by the scenario."""
        if self.clogd_is_up():
            status = self.kill_clogd(SIGTERM).status
            assert status == 0, f"{self.name}: clogd ended with status {status} on SIGTERM"
        elif self.is_up and self.clogd is not None and not self.clogd_signalled:
            raise AssertionError(f"{self.name}: clogd ended by itself with status {self.clogd.poll().status}")
        self.clogd = None

    def clogctl_run(self, *words: str, timeout: float = 30) -> Result:
        return self.run(" ".join([self.lab.binary("clogctl"), *words]), timeout, check=False)

    def clogctl(self, *words: str, timeout: float = 30):
        """What it prints: parsed where --json is among the words, text else. Its status may be 0 or 1."""
        result = self.clogctl_run(*words, timeout=timeout)
        if result.status not in (0, 1):
            raise LabError(f"{self.name}: clogctl {' '.join(words)}: status {result.status}: {result.err}")
        return json.loads(result.out) if "--json" in words else result.out
