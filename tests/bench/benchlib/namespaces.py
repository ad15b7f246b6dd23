# SPDX-License-Identifier: GPL-2.0-or-later
"""Three real Corosyncs and clogds on this machine, without User-Mode Linux: each pair has /run, /dev/shm and /etc of
its own, all share a network namespace. The kernel's connector is a socket whose other end is here (connector_shim.c).
"""
import contextlib
import os
import shutil
import socket
import subprocess
import time
from typing import Iterator

from lablib.corosync import corosync_conf, parse_log
from lablib.network import address

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NODES = (1, 2, 3)
TOKEN_MS = 3000
WAIT_S = 60
POLL_S = 0.05
CONNECTOR_FD = 100
SERVER_ENVIRONMENT = (f"CLOGD_BENCH_FD={CONNECTOR_FD}",)
KERNEL_THREAD = "clogd-kernel"      # answers the kernel: netlink.c
OWN_DIRECTORIES = ("/run", "/dev/shm", "/var/lib/corosync")


def wait_until(is_so, what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {WAIT_S} s: {what}")
        time.sleep(POLL_S)


def start_log_server(words: list[str], log_name: str) -> tuple[socket.socket, subprocess.Popen]:
    """Its kernel's end of the connector, and the process."""
    kernel, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        kernel.setsockopt(socket.SOL_SOCKET, option, 4 << 20)
        other.setsockopt(socket.SOL_SOCKET, option, 4 << 20)
    os.dup2(other.fileno(), CONNECTOR_FD)
    with open(log_name, "wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, pass_fds=[CONNECTOR_FD])
    os.close(CONNECTOR_FD)
    other.close()
    return kernel, process


class Member:
    """One node: namespaces for mounts and the host name (by which corosync knows itself), corosync and clogd."""

    def __init__(self, cluster: "Cluster", ident: int) -> None:
        self.cluster = cluster
        self.ident = ident
        self.directory = os.path.join(cluster.directory, f"node{ident}")
        self.log = os.path.join(self.directory, "corosync.log")
        self.kernel: socket.socket | None = None
        self.clogd: subprocess.Popen | None = None
        self._make_etc()
        mounts = "; ".join([f"mount --bind {self.directory}/etc /etc"] +
                           [f"mount -t tmpfs none {directory}" for directory in OWN_DIRECTORIES])
        self.holder = subprocess.Popen(
            ["nsenter", "-t", str(cluster.holder.pid), "-n", "unshare", "--mount", "--uts", "sh", "-ec",
             f"mount --make-rprivate /; hostname node{ident}; {mounts}; touch /run/ready; exec sleep infinity"])
        wait_until(lambda: self.run("test", "-e", "/run/ready", check=False).returncode == 0, "namespaces")
        with open(self.log, "wb") as log:
            self.corosync = subprocess.Popen(self._inside("corosync", "-f"), stderr=log)

    def _make_etc(self) -> None:
        shutil.copytree("/etc", f"{self.directory}/etc", symlinks=True)
        os.makedirs(f"{self.directory}/etc/corosync", exist_ok=True)
        with open(f"{self.directory}/etc/corosync/corosync.conf", "w", encoding="ascii") as conf:
            conf.write(corosync_conf(len(NODES), TOKEN_MS))

    def _inside(self, *words: str) -> list[str]:
        return ["nsenter", "-t", str(self.holder.pid), "-m", "-n", "-u", "env", f"LD_PRELOAD={self.cluster.shim}",
                f"CLOGD_BENCH_NODE={self.ident}", *words]

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess:
        return subprocess.run(self._inside(*words), check=check, capture_output=True)

    def is_quorate(self) -> bool:
        with open(self.log, encoding="utf-8", errors="replace") as log:
            quorum = parse_log(log.read())
        return quorum.quorate and quorum.members == list(NODES)

    def start_clogd(self, build: str, options: str) -> None:
        words = self._inside(*SERVER_ENVIRONMENT, os.path.join(build, "clogd"), "-f", *options.split())
        self.kernel, self.clogd = start_log_server(words, os.path.join(self.directory, "clogd.log"))

    def stop_clogd(self) -> None:
        """As systemd would; its kernel side is closed too."""
        self.clogd.terminate()
        self.clogd.wait(30)
        self.kernel.close()

    def cpu_s(self) -> float:
        """That all threads of clogd have run."""
        total = 0
        for task in os.listdir(f"/proc/{self.clogd.pid}/task"):
            with open(f"/proc/{self.clogd.pid}/task/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def resident_mb(self) -> float:
        with open(f"/proc/{self.clogd.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmRSS"))

    def stop(self) -> None:
        for process in (self.clogd, self.corosync, self.holder):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        if self.kernel is not None:
            self.kernel.close()


@contextlib.contextmanager
def floor(cluster: "Cluster") -> Iterator[tuple[socket.socket, int]]:
    """A log server that answers at once and keeps nothing: what is left is this machine. And its pid."""
    program = os.path.join(cluster.directory, "floor")
    subprocess.run(["cc", "-O2", "-o", program, os.path.join(HERE, "floor.c")], check=True)
    kernel, process = start_log_server(["env", f"LD_PRELOAD={cluster.shim}", *SERVER_ENVIRONMENT, program],
                                       os.path.join(cluster.directory, "floor.log"))
    yield kernel, process.pid
    process.kill()
    process.wait()
    kernel.close()


class Cluster:
    """Quorate, with a clogd on each node, while the context lasts."""

    def __init__(self, directory: str, build: str, options: str = "") -> None:
        """`options` are more of clogd's."""
        self.directory = directory
        self.build = build
        self.options = options
        self.shim = os.path.join(directory, "shim.so")
        self.members: list[Member] = []
        self.holder: subprocess.Popen | None = None

    def __enter__(self) -> "Cluster":
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", self.shim, os.path.join(HERE, "connector_shim.c")],
                       check=True)
        addresses = "; ".join(f"ip address add {address(ident)}/32 dev lo" for ident in NODES)
        ready = os.path.join(self.directory, "ready")
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-ec",
                                        f"ip link set lo up; {addresses}; touch {ready}; exec sleep infinity"])
        try:
            wait_until(lambda: os.path.exists(ready), "a network namespace")
            for ident in NODES:
                self.members.append(Member(self, ident))
            wait_until(lambda: all(member.is_quorate() for member in self.members), "quorum")
            for member in self.members:
                member.start_clogd(self.build, self.options)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for member in self.members:
            member.stop()
        if self.holder is not None:
            self.holder.kill()
            self.holder.wait()
