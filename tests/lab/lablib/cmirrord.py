# SPDX-License-Identifier: GPL-2.0-or-later
"""The log server that clogd replaces. Debian has no package of it any more, but its source is part of LVM's still.

Built once a machine, from Debian's source package, and kept.
"""
import glob
import os
import shutil

from .channel import SIGKILL
from .clogd import SIGTERM
from .debian import RELEASE, made_once, package_source, run_tool

KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
CONFIGURE = ("--enable-cmirrord", "--with-default-pid-dir=/run", "--with-default-run-dir=/run/lvm", "--disable-selinux",
             "--disable-readline", "--disable-blkid_wiping", "--disable-udev_sync")


def cmirrord() -> str:
    """Where the program is; makes it where it is missing, in a few minutes, with a network."""
    return made_once("cmirrord-1", _make)


def _make(path: str) -> None:
    part = path + ".part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(part)
    _fetch(part)
    run_tool(["dpkg-source", "--no-check", "-x", *glob.glob("lvm2_*.dsc", root_dir=part), "lvm2"], part)
    source = os.path.join(part, "lvm2")
    run_tool(["./configure", *CONFIGURE], source)
    run_tool(["make", "-C", "daemons/cmirrord"], source)
    os.rename(os.path.join(source, "daemons/cmirrord/cmirrord"), path)
    shutil.rmtree(part)


def _fetch(directory: str) -> None:
    """With lists of its own: what the machine takes packages from stays as it is."""
    lists = os.path.join(directory, "sources.list.d")
    for needed in (lists, os.path.join(directory, "lists/partial"), os.path.join(directory, "cache/archives/partial")):
        os.makedirs(needed)
    with open(os.path.join(lists, "lab.list"), "w", encoding="utf-8") as file:
        file.write(f"deb-src [signed-by={KEYS}] {package_source()} {RELEASE} main\n")
    options = ["-q", "-o", "Dir::Etc::SourceList=/dev/null", "-o", f"Dir::Etc::SourceParts={lists}",
               "-o", f"Dir::State::Lists={directory}/lists", "-o", f"Dir::Cache={directory}/cache"]
    run_tool(["apt-get", *options, "update"], directory)
    run_tool(["apt-get", *options, "--only-source", "--download-only", "source", "lvm2"], directory)


class Cmirrord:
    """cmirrord on all nodes of a lab."""

    def __init__(self, lab) -> None:
        self.lab = lab
        self.program = cmirrord()
        self.handles: list = []

    def start(self) -> "Cmirrord":
        """Returns when LVM would find it everywhere."""
        self.handles = self.lab.each(lambda node: node.start(f"exec {self.program} -f"))
        self.lab.each(lambda node: node.run("until [ -s /run/cmirrord.pid ]; do sleep 0.1; done"))
        return self

    def kill(self) -> None:
        self._end(SIGKILL)

    def end(self) -> None:
        """As its unit does it, when no mirror is there any more."""
        self._end(SIGTERM)

    def _end(self, signal: int) -> None:
        for handle in self.handles:
            handle.kill(signal)
        for handle in self.handles:
            handle.wait(30, check=False)
