# SPDX-License-Identifier: GPL-2.0-or-later
"""The nodes' network: one switch of their own, and partitions.

A partition is a wrong hardware address for the nodes on the other side: what is sent to them is lost
without a word, as on a wire that was cut, and the interface and its addresses stay.
"""
import os
import subprocess
import time
from typing import Iterable

from .errors import LabTimeout
from .rundir import RunDir

PREFIX = "10.77.0."
NOWHERE = "02:00:00:00:ff:ff"


def address(ident: int) -> str:
    return f"{PREFIX}{ident}"


def hardware_address(ident: int) -> str:
    return f"02:00:00:00:00:{ident:02x}"


class Switch:
    def __init__(self, rundir: RunDir) -> None:
        self.socket = os.path.join(rundir.images, "switch")
        self.reaper = rundir.reaper
        # It ends at the end of its standard input.
        self.process = subprocess.Popen(["uml_switch", "-unix", self.socket], stdin=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self.reaper.add_group(self.process.pid)
        deadline = time.monotonic() + 10
        while not os.path.exists(self.socket):
            if time.monotonic() > deadline:
                raise LabTimeout("uml_switch does not start")
            time.sleep(0.01)

    def port(self, ident: int) -> str:
        return f"eth0=daemon,{hardware_address(ident)},unix,{self.socket}"

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.reaper.drop_group(self.process.pid)
        if os.path.exists(self.socket):
            os.unlink(self.socket)


def neighbour_command(reachable: Iterable[int], unreachable: Iterable[int]) -> str:
    """The command that makes a node reach some nodes, and others not."""
    where = [(ident, hardware_address(ident)) for ident in reachable]
    where += [(ident, NOWHERE) for ident in unreachable]
    return "; ".join(f"ip neighbour replace {address(ident)} lladdr {target} dev eth0 nud permanent"
                     for ident, target in where) or "true"
