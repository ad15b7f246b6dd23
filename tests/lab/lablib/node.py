# SPDX-License-Identifier: GPL-2.0-or-later
"""A node of the lab: what scenarios work with."""
from .channel import Handle, Result
from .clogd import Clogd
from .corosync import Corosync
from .dm import DeviceMapper
from .errors import LabError, NodeDown
from .fio import FioHandle, FioResult, fio_command
from .gfs2 import Gfs2
from .lvm import Lvm
from .pacemaker import Pacemaker
from .network import address
from .uml import Kernel, processor_for

STATE_COMMANDS = ("dmsetup table", "timeout 20 dmsetup status", "dmsetup info -c",
                  "timeout 20 corosync-quorumtool -s -i", "ps -eLo pid,tid,stat,wchan:32,args",
                  "grep -sH . /sys/block/dm-*/inflight /sys/block/dm-*/stat", "dmesg | tail -n 200")
CLEAN_TIMEOUT_S = 20
CLEAN_COMMAND = """
pkill -KILL -x fio
for pass in 1 2 3 4; do
	names=$(dmsetup ls | awk -F'\\t' 'NF > 1 {print $1}')
	[ -z "$names" ] && break
	for name in $names; do
		dmsetup resume --noudevsync --noudevrules "$name"
		dmsetup remove --noudevsync --noudevrules "$name" && rm -f "/dev/mapper/$name"
	done
	sleep 0.1
done 2>/dev/null
[ -z "$names" ]"""


class Node(Corosync, Clogd, DeviceMapper, Gfs2, Lvm, Pacemaker):
    def __init__(self, lab, ident: int) -> None:
        self.lab = lab
        self.ident = ident
        self.name = f"node{ident}"
        self.address = address(ident)
        self.logs = {kind: lab.rundir.file(f"{self.name}.{kind}.log") for kind in ("console", "corosync", "clogd")}
        self.kernel = Kernel(self.name, processor_for(ident), lab.rundir, self._kernel_arguments(),
                             [self.logs["corosync"], self.logs["clogd"]], "init-debian" if lab.tree else "init")

    def __repr__(self) -> str:
        return self.name

    # Power

    @property
    def is_up(self) -> bool:
        return self.kernel.is_up

    def boot(self, wait: bool = True) -> None:
        """Switches the node on. Nothing but the agent runs then: start_corosync is the next step."""
        if self.is_up:
            raise LabError(f"{self.name} is up already")
        self.corosync = self.clogd = None
        self.kernel.start()
        if wait:
            self.kernel.wait_ready()

    def power_off(self) -> None:
        """Pulls the plug."""
        self.kernel.power_off()

    # Commands

    def start(self, command: str) -> Handle:
        """A shell command, in the background."""
        if not self.is_up:
            raise NodeDown(f"{self.name} is off: {command}")
        return self.kernel.channel.run(command)

    def run(self, command: str, timeout: float = 60, check: bool = True) -> Result:
        """A shell command and its result; a status that is not 0 raises CommandFailed, unless check is off."""
        return self.start(command).wait(timeout, check)

    def start_fio(self, filename: str, **options) -> FioHandle:
        """See fio.fio_command. For example start_fio("/dev/mapper/m", rw="randwrite", runtime=5)."""
        return FioHandle(self.start(fio_command(filename, **options)))

    def fio(self, filename: str, timeout: float = 120, **options) -> FioResult:
        return self.start_fio(filename, **options).wait(timeout)

    # Disks

    def device(self, disk: str) -> str:
        """The device of one of the lab's disks; a path stays itself."""
        return disk if disk.startswith("/") else self.lab.disks.device(disk)

    def device_sectors(self, disk: str) -> int:
        if disk.startswith("/"):
            return int(self.run(f"blockdev --getsz {disk}").out)
        return self.lab.disks.sizes[disk] // 512

    # For the harness

    def clean(self) -> None:
        """Removes what a scenario may have left, or switches the node off where that is too late.

        Raises AssertionError if clogd ended by itself or does not end well, which is a finding.
        """
        if not self.is_up:
            return
        devices = " ".join(self.lab.disks.device(name) for name in self.lab.disks.names)
        try:
            self.run(f"{CLEAN_COMMAND} && sync && blockdev --flushbufs {devices}", CLEAN_TIMEOUT_S)
        except LabError:
            self.power_off()
        self.check_clogd()

    def save_state(self, path: str) -> None:
        """For whoever looks into a failure. Never raises for what the node does."""
        clogctl = f"timeout 10 {self.lab.rundir.file('clogctl')} status --json"
        with open(path, "w", encoding="utf-8") as state:
            for command in (*STATE_COMMANDS, clogctl, *(["journalctl -b --no-pager"] if self.lab.tree else [])):
                try:
                    result = self.run(command, 30, check=False)
                    state.write(f"# {command}\n{result.out}{result.err}\n")
                except LabError as error:
                    state.write(f"# {command}\n{error}\n")

    def _kernel_arguments(self) -> list[str]:
        lab = self.lab
        return [f"mem={lab.memory}", lab.switch.port(self.ident), f"lab.node={self.ident}",
                f"lab.address={self.address}", *(f"lab.module={module}" for module in lab.modules),
                f"lab.cores={lab.rundir.path}", f"lab.writable={lab.rundir.path}", f"lab.writable={lab.build}",
                *([f"lab.tree={lab.tree}"] if lab.tree else []), *lab.disks.arguments()]
