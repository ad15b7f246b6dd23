# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/deploy.md: its commands, run as they stand on whole Debian systems."""
import os
import pathlib
import re
import shutil
import subprocess
import textwrap

from .clustered import wait_until
from .node import Node

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs/deploy.md"
AFTER_COROSYNC = "\n## 4. "
CODE = re.compile(r"(?:^ {4,}.*\n(?:\n(?= {4}))*)+", re.M)
BLOCK = re.compile(r"^# (every|one) node.*\n((?:(?!# (?:every|one) node).*\n)*)", re.M)
COMMAND_S = 180


def blocks_in(text: str) -> list[tuple[str, str]]:
    """(where, commands)"""
    return [found for code in CODE.findall(text) for found in BLOCK.findall(textwrap.dedent(code))]


def blocks() -> list[tuple[str, str]]:
    return blocks_in(PAGE.read_text(encoding="utf-8"))


def link_disks(lab, links: dict[str, str]) -> None:
    """Names under /dev/disk/by-id of the lab's disks."""
    commands = "; ".join(f"ln -s {lab[1].device(disk)} /dev/disk/by-id/{link}" for link, disk in links.items())
    lab.each(lambda node: node.run(f"mkdir -p /dev/disk/by-id; {commands}"))


def build_package(lab) -> str:
    """The package is built as the page says, and lies in each node's home directory."""
    built = os.path.join(lab.build, "packages/deb")
    result = subprocess.run(["make", "-C", lab.build, "deb"], env={**os.environ, "DEB_BUILD_OPTIONS": "nocheck"},
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-1000:] + result.stderr[-3000:]
    [package] = [name for name in os.listdir(built) if re.fullmatch(r"clogd_.*\.deb", name)]
    copy = lab.rundir.file(package)
    shutil.copy2(os.path.join(built, package), copy)
    lab.each(lambda node: node.run(f"cp {copy} /root/"))
    return f"/root/{package}"


def is_whole(node: Node) -> bool:
    return re.search(r"Total votes: +3\n", node.run("corosync-quorumtool -s", check=False).out) is not None


def paste(lab, where: str, commands: str) -> None:
    """A command that fails ends it, as it would end an administrator's session."""
    nodes = lab.nodes if where == "every" else [lab[1]]
    lab.each(lambda node: node.run(f"cd /root; set -e\n{commands}", COMMAND_S), nodes)
    if "restart corosync" in commands:
        wait_until(lambda: all(is_whole(node) for node in lab.nodes), "a cluster of three", COMMAND_S)


def paste_until_corosync_runs(lab) -> None:
    """Its sections 1 to 3, with which the page on Pacemaker begins."""
    build_package(lab)
    for where, commands in blocks_in(PAGE.read_text(encoding="utf-8").split(AFTER_COROSYNC)[0]):
        paste(lab, where, commands)
