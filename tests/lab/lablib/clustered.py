# SPDX-License-Identifier: GPL-2.0-or-later
"""A mirror that several nodes have at once, and what must be true of it."""
import random
import time
from typing import Callable, Sequence

from .cluster import Lab
from .errors import LabTimeout
from .fio import FioHandle
from .node import Node
from .patience import deadline, nap

AGREE_TIMEOUT_S = 20
AGREE_POLL_S = 0.1
SECTORS_PER_MB = 2048
NOISE_BYTES = 16 << 20
STREAM = {"bs": "4k", "ioengine": "libaio", "iodepth": 8, "verify": "pattern", "verify_fatal": 1,
          "verify_state_save": 0}


class ClusterMirror:
    """The same table on several nodes. `options` are those of Node.mirror_line."""

    def __init__(self, lab: Lab, name: str = "m", uuid: str = "", nodes: Sequence[Node] | None = None, **options) -> None:
        self.lab = lab
        self.name = name
        self.uuid = uuid or f"lab-{name}"
        self.nodes = list(nodes or lab.nodes)
        self.options = options
        self.path = f"/dev/mapper/{name}"

    def create(self) -> "ClusterMirror":
        """On all its nodes at the same time."""
        self.lab.each(self.create_on, self.nodes)
        return self

    def create_on(self, node: Node) -> None:
        node.mirror_create(self.name, self.uuid, **self.options)

    def remove(self) -> None:
        self.lab.each(self.remove_on, self.nodes)

    def remove_on(self, node: Node) -> None:
        node.dm_remove(self.name)

    def suspend(self, flush: bool = True) -> None:
        self.lab.each(lambda node: node.dm_suspend(self.name, flush), self.nodes)

    def resume(self) -> None:
        self.lab.each(lambda node: node.dm_resume(self.name), self.nodes)

    def reload(self, flush: bool = True, **changes) -> None:
        """As LVM does it: the new table is loaded everywhere, then all suspend, then all resume."""
        self.options |= changes
        self.lab.each(lambda node: node.dm_reload(self.name, node.mirror_line(self.uuid, **self.options)), self.nodes)
        self.suspend(flush)
        self.resume()

    def wait_in_sync(self, timeout: float = 60) -> None:
        """Until every node's kernel says so."""
        for node in self.nodes:
            node.wait_in_sync(self.name, timeout)

    def status(self, node: Node) -> dict:
        """What clogctl says of this log on a node."""
        return next(log for log in node.clogctl("status", "--json")["logs"] if log["uuid"] == self.uuid)


def start_daemons(lab: Lab, args: str = "") -> None:
    lab.each(lambda node: node.start_clogd(args))


def fill_legs(lab: Lab, legs: Sequence[str] = ("leg0", "leg1")) -> None:
    """Different noise on each leg: equal legs are then the work of a recovery, not of luck. While no node runs them."""
    for leg in legs:
        noise = random.Random(leg)
        for offset in range(0, lab.disks.sizes[leg], NOISE_BYTES):
            lab.disks.write(leg, offset, noise.randbytes(min(NOISE_BYTES, lab.disks.sizes[leg] - offset)))


def assert_replicas_agree(lab: Lab, nodes: Sequence[Node] | None = None) -> None:
    """At the same position, daemons have the same digest, of everything and of each log.

    Nodes are asked one after the other, so what is under way must come to rest first: marks that are
    retained end after some seconds.
    """
    nodes = list(nodes or lab.nodes)
    until = deadline(AGREE_TIMEOUT_S)
    while True:
        seen = [node.clogctl("status", "--json", "--digests") for node in nodes]
        positions = [status["node"]["position"] for status in seen]
        if len(set(positions)) == 1:
            break
        if time.monotonic() > until:
            raise LabTimeout(f"{nodes} are at positions {positions} after {AGREE_TIMEOUT_S} s")
        nap(AGREE_POLL_S)
    digests = [(status["node"]["digest"], {log["uuid"]: log["digest"] for log in status["logs"]}) for status in seen]
    assert all(digest == digests[0] for digest in digests), f"replicas differ at position {positions[0]}: {digests}"


def blocks_of(node: Node, size_mb: int) -> dict[str, str]:
    """fio's options for random writes of a node among others, in the same regions but in blocks of its own: nobody says
    which of two writes to one block at one time is the last, and each leg may see it otherwise."""
    return {"rw": "randwrite", "bs": "4k", "blockalign": "16k", "offset": f"{4 * node.ident}k",
            "size": f"{1024 * size_mb - 16}k"}


class Stripe:
    """A part of a mirror that is written by one node and can be verified by any."""

    def __init__(self, path: str, number: int, offset_mb: int, size_mb: int) -> None:
        self.number = number
        self.where = {"filename": path, "offset": f"{offset_mb}M", "size": f"{size_mb}M"}

    def start_write(self, node: Node, **options) -> FioHandle:
        """Each block gets the stripe's number and its own offset, over and over."""
        return node.start_fio(**self.where, **STREAM | {"rw": "randwrite", "do_verify": 0} | self._pattern() | options)

    def write(self, node: Node, **options) -> None:
        result = self.start_write(node, **options).wait()
        assert result.error == 0, result.job

    def verify(self, node: Node) -> None:
        """Read with O_DIRECT; a block that is not as written fails."""
        result = node.fio(**self.where, **STREAM | {"rw": "read"} | self._pattern())
        assert result.error == 0 and result.job["read"]["total_ios"] > 0, result.job

    def _pattern(self) -> dict:
        return {"verify_pattern": f"0x{0xc0de0000 + self.number:08x}%o"}


def stripes_for(lab: Lab, path: str, size_mb: int, at_mb: Callable[[int], int] = lambda ident: 20 * (ident - 1),
                first_number: int = 0) -> dict[int, Stripe]:
    """A stripe for each node, by the node's id."""
    return {node.ident: Stripe(path, first_number + node.ident, at_mb(node.ident), size_mb) for node in lab.nodes}


def verify_on_another_node(lab: Lab, stripes: dict[int, Stripe]) -> None:
    """The stripe of each node is read by the next node."""
    def verify(node: Node) -> None:
        stripes[node.ident % lab.node_count + 1].verify(node)

    lab.each(verify)


class Gate:
    """A device above a disk, of the same name on every node, that holds all I/O while it is closed."""

    def __init__(self, node: Node, disk: str) -> None:
        self.node = node
        self.name = f"gate-{disk}"
        self.path = node.dm_linear(self.name, disk)

    def close(self) -> "Gate":
        self.node.dm_suspend(self.name, flush=False)
        return self

    def open(self) -> None:
        self.node.dm_resume(self.name)


def wait_until(is_so: Callable[[], bool], what: str, timeout: float = 30) -> None:
    until = deadline(timeout)
    while not is_so():
        if time.monotonic() > until:
            raise LabTimeout(f"not within {timeout} s: {what}")
        nap(AGREE_POLL_S)
