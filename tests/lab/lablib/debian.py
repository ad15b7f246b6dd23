# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole Debian systems as nodes: systemd, udev, packages, nothing of the host's but clogd as it was built.

All nodes share one tree of files below a layer of their own in memory (node/init-debian). The tree is made once a
machine, and kept.
"""
import fcntl
import os
import shutil
import subprocess
from typing import Callable

from .corosync import corosync_conf
from .errors import LabError
from .uml import NODE_FILES

RELEASE = "bookworm"
CACHE = os.environ.get("CLOGD_LAB_CACHE", "/var/cache/clogd-lab")
BASE = "systemd,systemd-sysv,dbus,udev,kmod,iproute2,procps"
PACKAGES = ("dmsetup", "corosync", "pacemaker", "pacemaker-cli-utils", "resource-agents", "crmsh", "pcs",
            "dlm-controld", "gfs2-utils", "lvm2", "lvm2-lockd", "fio", "libroaring0", "liburing2", "libmnl0", "libjson-c5")
# Started by a scenario, or by Pacemaker.
SERVICES = ("corosync", "pacemaker", "pcsd", "pcsd-ruby", "logd", "dlm", "lvmlockd", "lvmlocks")
# What is installed must not be started in the tree.
FORBID_SERVICES = "#!/bin/sh\nexit 101\n"
MEMORY = "768M"
MODULES = ("overlay", "dlm", "gfs2")
INSTALL = "cp -r {root}/. / && systemctl daemon-reload"
START_CLUSTER = """cat >/etc/corosync/corosync.conf <<'END'
{conf}END
systemctl start corosync pacemaker"""


def install_clogd(lab) -> None:
    """What `make install` installs, on all nodes, and the lab's fence agent."""
    root = lab.rundir.file("root")
    run_tool(["make", "-C", lab.build, "install", "prefix=/usr", f"DESTDIR={root}"])
    lab.each(lambda node: node.run(INSTALL.format(root=root)))
    install_fence_agent(lab)


def install_fence_agent(lab) -> None:
    # The nodes see the run's directory, not the checkout.
    copy = shutil.copy(os.path.join(NODE_FILES, "fence_lab"), lab.rundir.file("fence_lab"))
    lab.each(lambda node: node.run(f"install -m 755 {copy} /usr/sbin"))


def start_cluster(lab) -> None:
    """Corosync and Pacemaker as systemd starts them."""
    conf = corosync_conf(lab.node_count, lab.token_ms)
    lab.each(lambda node: node.run(START_CLUSTER.format(conf=conf), 120))


def made_once(name: str, make: Callable[[str], None]) -> str:
    """Where the machine keeps what has that name; made where it is missing, by one at a time."""
    path = os.path.join(CACHE, name)
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            make(path)
    return path


def tree() -> str:
    """Where the tree is; makes it where it is missing, in some minutes, with root and a network."""
    return made_once(f"{RELEASE}-1", _make)


def package_source() -> str:
    """Where the host has its packages from."""
    targets = run_tool(["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"])
    sources = [line.split()[0] for line in targets.splitlines() if line.split()[1:] == [RELEASE]]
    return sources[0]


def _make(path: str) -> None:
    part = path + ".part"
    shutil.rmtree(part, ignore_errors=True)
    run_tool(["debootstrap", "--variant=minbase", f"--include={BASE}", RELEASE, part, package_source()])
    policy = os.path.join(part, "usr/sbin/policy-rc.d")
    with open(policy, "w", encoding="utf-8") as file:
        file.write(FORBID_SERVICES)
    os.chmod(policy, 0o755)
    install = ["apt-get", "-q", "-y", "--no-install-recommends", "install", *PACKAGES]
    run_tool(["chroot", part, "env", "DEBIAN_FRONTEND=noninteractive", *install])
    run_tool(["chroot", part, "systemctl", "disable", *SERVICES])
    os.unlink(policy)
    os.rename(part, path)


def run_tool(command: list[str], directory: str | None = None) -> str:
    try:
        result = subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise LabError(f"{command[0]} is missing: run scripts/deps first") from error
    if result.returncode != 0:
        raise LabError(f"{' '.join(command)}: {result.stdout[-2000:]}{result.stderr[-2000:]}")
    return result.stdout
