# SPDX-License-Identifier: GPL-2.0-or-later
"""One User-Mode Linux kernel as a process group of the host, and the kernel's modules."""
import contextlib
import os
import re
import subprocess

from .channel import Channel
from .errors import LabError
from .processors import confine
from .reaper import Reaper, kill_group
from .rundir import RunDir

KERNEL = "/usr/bin/linux.uml"
MODULE_TREES = "/usr/lib/uml/modules"
BOOT_TIMEOUT_S = 600     # a whole Debian takes two minutes where a system call is dear
COMPLAINT = re.compile(r"^.*(?:BUG: |Oops|Kernel panic|WARNING: CPU).*$", re.MULTILINE)
LAB_FILES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NODE_FILES = os.path.join(LAB_FILES, "node")


def prepare_modules() -> None:
    """Makes modprobe work in the nodes, which see this host's /lib/modules. Done once a machine."""
    if not os.path.exists(KERNEL):
        raise LabError(f"{KERNEL} is missing: run scripts/deps first")
    for version in os.listdir(MODULE_TREES):
        link = os.path.join("/lib/modules", version)
        if not os.path.exists(link):
            os.makedirs("/lib/modules", exist_ok=True)
            os.symlink(os.path.join(MODULE_TREES, version), link)
        if not os.path.exists(os.path.join(link, "modules.dep.bin")):
            subprocess.run(["depmod", version], check=True)


def build_extended_registers(rundir: RunDir) -> str:
    """What lets the kernel run on any processor, and sooner; built once a run."""
    library = rundir.file("extended_registers.so")
    if not os.path.exists(library):
        source = os.path.join(LAB_FILES, "host", "extended_registers.c")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def processor_for(ident: int) -> int:
    """
    The processor on which a node runs with all it does. A system call of a node is four switches between the kernel
    and the traced process: they wait for each other, and across processors each switch is a wake-up more.
    """
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[ident % len(allowed)]


class Kernel:
    """A booted kernel: from start() until power_off(), which is what pulling the plug is."""

    def __init__(self, name: str, processor: int, rundir: RunDir, arguments: list[str], logs: list[str],
                 init: str = "init") -> None:
        """Each of `logs` is a file of the host: serial line 1, 2, ... of the node. `init` is in NODE_FILES."""
        self.name = name
        self.processor = processor
        self.rundir = rundir
        self.arguments = arguments
        self.logs = logs
        self.init = init
        self.console = rundir.file(f"{name}.console.log")
        self.process: subprocess.Popen | None = None
        self.channel: Channel | None = None

    @property
    def reaper(self) -> Reaper:
        return self.rundir.reaper

    @property
    def is_up(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        self.channel = Channel(self.name)
        line = self.channel.node_end.fileno()
        console = open(self.console, "ab")
        log_files = [open(path, "ab") for path in self.logs]
        words = ["taskset", "-c", str(self.processor), KERNEL,
                 "rootfstype=hostfs", "rootflags=/", "ro", f"init={NODE_FILES}/{self.init}",
                 f"lab.agent={NODE_FILES}/agent.py", f"umid={self.name}", f"uml_dir={self.rundir.images}/",
                 "con=null", "con0=null,fd:1", "ssl=null", f"ssl0=fd:{line}", "loglevel=5", "panic=-1", "noreboot"]
        words += [f"ssl{number}=null,fd:{log.fileno()}" for number, log in enumerate(log_files, 1)]
        self.process = subprocess.Popen(
            words + self.arguments, stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            start_new_session=True, pass_fds=[line] + [log.fileno() for log in log_files],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TMPDIR": self.rundir.images,
                 "LD_PRELOAD": build_extended_registers(self.rundir)})
        self.reaper.add_group(self.process.pid)
        self.channel.start()
        for opened in [console, *log_files]:
            opened.close()

    def run_on(self, processor: int) -> None:
        """Moves there all that the node does; what it starts from now on follows."""
        for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):    # it has ended meanwhile
                if os.getsid(pid) == self.process.pid:
                    confine(pid, {processor})
        self.processor = processor

    def wait_ready(self, timeout: float = BOOT_TIMEOUT_S) -> None:
        self.channel.wait_ready(timeout)

    def complaints(self) -> list[str]:
        """Lines of the console in which the kernel says that something is wrong with itself."""
        if not os.path.exists(self.console):
            return []
        with open(self.console, encoding="utf-8", errors="replace") as console:
            return COMPLAINT.findall(console.read())

    def power_off(self) -> None:
        if self.process is None:
            return
        kill_group(self.process.pid)
        self.process.wait()     # its status was collected with the group's
        self.reaper.drop_group(self.process.pid)
        self.channel.close()
        self.process = None
