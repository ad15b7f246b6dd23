# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes that go on while something else happens, and are all read back."""
from typing import Callable

from .clustered import STREAM, ClusterMirror, Stripe, wait_until
from .fio import fio_command
from .node import Node

SIGSTOP, SIGCONT = 19, 18
DEPTH = STREAM["iodepth"]       # writes that are under way at most
PATTERN_BASE = 0xc0de0000       # as a stripe's
PASSES_MAX = 4096               # before patterns meet those of the next node


def requests_asked_again(node: Node) -> int:
    """Since it booted: requests for whose answer its kernel waited 15 s, in vain (dm-log-userspace-transfer.c)."""
    return int(node.run("dmesg | grep -c 'Request timed out'", check=False).out)


def has_nothing_in_hand(node: Node) -> bool:
    """All requests of the kernel are answered, but those that it gave up for another, and no more come."""
    first, second = (tuple(node.clogctl("status", "--json")["node"]["counters"][what]
                           for what in ("kernel_requests", "kernel_replies")) for _ in range(2))
    return first == second and first[0] - first[1] <= requests_asked_again(node)


class VerifiedLoad:
    """A node writes its part of a mirror over and over, each pass in another pattern, and reads every pass back."""

    def __init__(self, node: Node, path: str, offset_mb: int, size_mb: int = 2) -> None:
        self.node = node
        self.path = path
        self.offset_mb, self.size_mb = offset_mb, size_mb
        self.stop_file = f"/run/lab/stop-{offset_mb}"
        self.command = None
        self.passes = 0

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[1]

    def start(self) -> "VerifiedLoad":
        number = f"$(printf 0x%08x $(({PATTERN_BASE} + {self.node.ident * PASSES_MAX} + pass)))"
        job = fio_command(self.path, offset=f"{self.offset_mb}M", size=f"{self.size_mb}M", rw="randwrite",
                          do_verify=1, thread=1, verify_pattern=f"{number}%o", **STREAM)
        output = f"{self.stop_file}.out"
        self.command = self.node.start(
            f"rm -f {self.stop_file}; pass=0\n"
            f"until [ -e {self.stop_file} ]; do\n"
            f"\tpass=$((pass + 1))\n"
            f"\t{job} >{output} 2>&1 || {{ cat {output}; exit 1; }}\n"
            "done\n"
            "echo $pass")
        return self

    def pause(self) -> None:
        """Returns when its writes are complete and its node's kernel waits for no answer any more."""
        self.command.kill(SIGSTOP)
        # A write that waits for another node's copy is in nobody's hand until the kernel asks again.
        wait_until(lambda: not self.node.has_io_under_way(self.name), f"{self.node} writes nothing")
        wait_until(lambda: has_nothing_in_hand(self.node), f"{self.node}'s kernel asks nothing")

    def go_on(self) -> None:
        self.command.kill(SIGCONT)

    def writes_done(self) -> int:
        return self.node.writes_done(self.name)

    def stop(self, timeout: float = 60) -> "VerifiedLoad":
        """After the pass that is under way. Fails if an I/O failed or a block was not as written."""
        self.node.run(f"touch {self.stop_file}")
        self.passes = int(self.command.wait(timeout).out)
        return self

    def verify(self, reader: Node) -> None:
        """What the last pass wrote, as another node reads it."""
        number = self.node.ident * PASSES_MAX + self.passes
        Stripe(self.path, number, self.offset_mb, self.size_mb).verify(reader)


def start_loads(nodes: list[Node], path: str, size_mb: int = 2) -> list[VerifiedLoad]:
    """One on each node, side by side on the mirror."""
    return [VerifiedLoad(node, path, 20 * (node.ident - 1), size_mb).start() for node in nodes]


def await_more_writes(loads: list[VerifiedLoad], count: int, timeout: float = 60) -> None:
    """Until each of them has done so many more."""
    for handle in [load.node.start_await_writes(load.name, load.writes_done() + count) for load in loads]:
        handle.wait(timeout)


def assert_no_writes(mirror: ClusterMirror, loads: list[VerifiedLoad], meanwhile: Callable[[], None]) -> None:
    """What these nodes have written is complete by now, and nothing is added while something else is done."""
    before = [load.writes_done() for load in loads]
    meanwhile()
    after = [load.writes_done() for load in loads]
    assert after == before, f"{[load.node for load in loads]} wrote without quorum: {before} to {after}"
    for load in loads:
        assert mirror.status(load.node)["state"] == "frozen"


def stop_loads(loads: list[VerifiedLoad]) -> None:
    """Stops all, and lets each be read by the next one's node."""
    for load in loads:
        load.stop()
    for load, other in zip(loads, loads[1:] + loads[:1]):
        load.verify(other.node)
