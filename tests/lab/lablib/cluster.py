# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab: a switch, shared disks and nodes. Lab(...).boot() gives a cluster that is quorate."""
import concurrent.futures
import glob
import os
import shutil
import tempfile
import time
from typing import Any, Callable, Sequence

from .disks import DiskLog, Disks
from .errors import LabError, LabTimeout
from .network import Switch, neighbour_command
from .node import Node
from .patience import deadline
from .rundir import RunDir
from .uml import prepare_modules

DEFAULT_DISKS = {"leg0": "64M", "leg1": "64M", "log": "4M"}
DEFAULT_MODULES = ("dm-mod", "dm-mirror", "dm-log-userspace", "dm-delay", "dm-flakey")
DEFAULT_TOKEN_MS = 3000
QUORUM_POLL_S = 0.05


class Lab:
    def __init__(self, rundir: RunDir, nodes: int = 3, disks: dict[str, str] | None = None, memory: str = "256M",
                 corosync: bool = True, token_ms: int = DEFAULT_TOKEN_MS, modules: Sequence[str] = DEFAULT_MODULES,
                 build: str = ".",
                 tree: str = "") -> None:
        """`build` is where clogd and clogctl are found; `tree` the root file system of whole Debian nodes."""
        prepare_modules()
        self.rundir = rundir
        self.node_count = nodes
        self.memory = memory
        self.with_corosync = corosync
        self.token_ms = token_ms
        self.modules = modules
        self.build = os.path.abspath(build)
        self.tree = tree
        self.disks = Disks(rundir, disks or DEFAULT_DISKS)
        self.switch = Switch(rundir)
        self.nodes = [Node(self, ident) for ident in range(1, nodes + 1)]

    def __getitem__(self, ident: int) -> Node:
        """lab[1] is the node whose id is 1."""
        return self.nodes[ident - 1]

    # Life

    def boot(self) -> "Lab":
        """Boots what is off, all at once, and waits for quorum where the lab has corosync."""
        off = [node for node in self.nodes if not node.is_up]
        for node in off:
            node.boot(wait=False)
        for node in off:
            node.kernel.wait_ready()
        if self.with_corosync:
            for node in self.nodes:
                if not node.corosync_is_up():
                    node.start_corosync()
            self.wait_quorate()
        return self

    def power_off(self) -> None:
        for node in self.nodes:
            node.power_off()

    def close(self) -> None:
        self.power_off()
        self.switch.close()
        self.disks.remove()

    def finish(self) -> None:
        """After a scenario: takes down what it left, and fails if something went wrong unseen."""
        self.heal()
        self.each(Node.clean)
        cores = glob.glob(self.rundir.file("core.*"))
        assert not cores, f"something crashed: {cores}"
        complaints = [f"{node}: {line}" for node in self.nodes for line in node.kernel.complaints()]
        assert not complaints, f"a kernel is not well: {complaints[:3]}"

    def reset(self) -> "Lab":
        """Before the next scenario, after finish(): zeroed disks, all nodes up, joined and quorate."""
        self.disks.clear()
        return self.boot()

    def save_state(self, directory: str) -> None:
        os.makedirs(directory, exist_ok=True)
        for node in self.nodes:
            if node.is_up:
                node.save_state(os.path.join(directory, f"{node.name}.state"))
        self.disks.save(directory)

    # Cluster

    def wait_quorate(self, members: int | Sequence[int] | None = None, timeout: float = 60) -> None:
        """Until these nodes (all; their number; or their ids) are quorate and see each other and no one else."""
        if members is None:
            members = self.node_count
        idents = list(range(1, members + 1)) if isinstance(members, int) else sorted(members)
        self._wait_quorum(idents, lambda quorum: quorum.quorate and quorum.members == idents,
                          f"a quorate cluster of nodes {idents}", timeout)

    def wait_inquorate(self, idents: Sequence[int], timeout: float = 60) -> None:
        """Until these nodes know that they have no quorum."""
        self._wait_quorum(idents, lambda quorum: not quorum.quorate, f"no quorum on nodes {idents}", timeout)

    def _wait_quorum(self, idents: Sequence[int], is_so, what: str, timeout: float) -> None:
        until = deadline(timeout)
        waiting = [self[ident] for ident in idents]
        while waiting:
            seen = waiting[0].quorum()
            if is_so(seen):
                waiting.pop(0)
            elif time.monotonic() > until:
                raise LabTimeout(f"not within {timeout} s: {what}; {waiting[0].name} sees {seen}")
            else:
                time.sleep(QUORUM_POLL_S)

    def partition(self, *sides: Sequence[int]) -> None:
        """partition([1], [2, 3]): nothing passes between nodes of different sides."""
        idents = [ident for side in sides for ident in side]
        if sorted(idents) != [node.ident for node in self.nodes]:
            raise LabError(f"each node belongs to one side: {sides}")
        commands = []
        for side in sides:
            others = [ident for ident in idents if ident not in side]
            commands += [(self[ident], neighbour_command([i for i in side if i != ident], others)) for ident in side]
        self._run_all(commands)

    def heal(self) -> None:
        idents = [node.ident for node in self.nodes]
        self._run_all([(node, neighbour_command([ident for ident in idents if ident != node.ident], []))
                       for node in self.nodes])

    @staticmethod
    def _run_all(commands: list[tuple[Node, str]]) -> None:
        handles = [node.start(command) for node, command in commands if node.is_up]
        for handle in handles:
            handle.wait()

    def each(self, function: Callable[[Node], Any], nodes: Sequence[Node] | None = None) -> list:
        """Calls the function for each node (all by default) at the same time; their results, in order."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            return list(pool.map(function, self.nodes if nodes is None else nodes))

    # Disks

    def compare(self, first: str, second: str, length: int | None = None) -> list[int]:
        """Offsets (bytes) of the 4 KiB blocks that differ, read by the host; empty is the good answer."""
        return self.disks.differences(first, second, length)

    def assert_same(self, first: str, second: str, length: int | None = None) -> None:
        differing = self.compare(first, second, length)
        assert not differing, f"{first} and {second} differ in {len(differing)} blocks, at {differing[:8]}"

    def read_log(self, name: str = "log", regions: int | None = None) -> DiskLog:
        return self.disks.read_log(name, regions)

    # Programs

    def binary(self, name: str) -> str:
        """A built program, as it was when the run first asked for it: a core file is of that one."""
        copy = self.rundir.file(name)
        if not os.path.exists(copy):
            built = os.path.join(self.build, name)
            if not os.access(built, os.X_OK):
                raise LabError(f"{built} is not built")
            # Whole at once: several nodes may ask at the same time.
            with tempfile.NamedTemporaryFile(dir=self.rundir.path, delete=False) as part:
                shutil.copy2(built, part.name)
            os.replace(part.name, copy)
        return copy

    def note(self, text: str) -> None:
        """A line under the scenario's, for figures."""
        print(f"     # {text}", flush=True)
