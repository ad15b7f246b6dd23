# SPDX-License-Identifier: GPL-2.0-or-later
"""The cluster file system GFS2, and the lock manager (dlm) it needs, on a node."""
import os

from .channel import Handle

CLUSTER = "lab"             # as in corosync.conf
MODULES = ("dlm", "gfs2")
MEMORY = "768M"
MOUNT_POINT = "/run/gfs2"
JOURNAL_MB = 8
MOUNT_OPTIONS = "noatime,statfs_quantum=600"
# It is up when it has told the kernel this node's address. There is no udev to make the device nodes where libdlm looks,
# and no fence agent: a node that left is dead.
START_DLM = """mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
ln -sfn . /dev/misc
mkdir -p /run/dlm_controld /var/log/dlm_controld
dlm_controld --enable_fencing 0
until grep -q 1 /sys/kernel/config/dlm/cluster/comms/*/local 2>/dev/null; do sleep 0.05; done"""
# A file gets its name, which says its checksum, when its data is on the disk; it is in the list when its name is, too.
WRITE_FILES = """set -e
rm -f /run/stop-writing
number=0
until [ -e /run/stop-writing ]; do
	number=$((number + 1))
	head -c $((4096 * (1 + number % {blocks}))) /dev/urandom >{directory}/{node}.new
	sync {directory}/{node}.new
	name={node}-$number-$(sha256sum {directory}/{node}.new | cut -d" " -f1)
	mv {directory}/{node}.new {directory}/$name
	sync {directory}
	echo $name >>{list}
	sync {list}
done"""
# Prints the names of files whose content is not what the name says.
VERIFY_FILES = """cd {directory} && for file in *-*-*; do
	echo "${{file##*-}}  $file"
done | sha256sum --check --quiet"""


class Gfs2:
    """The part of a node that knows GFS2 and dlm."""

    def start_dlm(self) -> None:
        self.run(START_DLM)

    def stop_dlm(self) -> None:
        """With no lockspace in use."""
        self.run("dlm_tool leave_all 2>/dev/null; kill $(cat /run/dlm_controld/*.pid) && "
                 "while pgrep -x dlm_controld; do sleep 0.05; done")

    def gfs2_format(self, device: str, name: str, journals: int) -> None:
        self.run(f"mkfs.gfs2 -q -O -p lock_dlm -t {CLUSTER}:{name} -j {journals} -J {JOURNAL_MB} {device}")

    def gfs2_mount(self, device: str, timeout: float = 60) -> None:
        self.run(f"mkdir -p {MOUNT_POINT} && mount -t gfs2 -o {MOUNT_OPTIONS} {device} {MOUNT_POINT}", timeout)

    def gfs2_unmount(self, timeout: float = 60) -> None:
        self.run(f"umount {MOUNT_POINT}", timeout)

    def gfs2_has_replayed(self) -> bool:
        """Whether this node recovered the journal of one that died."""
        return self.run("dmesg | grep -q 'gfs2: .*: Replaying journal'", check=False).status == 0

    def start_writing_files(self, directory: str, blocks: int = 32) -> Handle:
        """Files of 1 to `blocks` blocks, one after the other, until stop_writing_files."""
        if os.path.exists(self._file_list()):
            os.unlink(self._file_list())
        return self.start(WRITE_FILES.format(directory=f"{MOUNT_POINT}/{directory}", node=self.name, blocks=blocks,
                                             list=self._file_list()))

    def written_files(self) -> list[str]:
        """The files that this node has written for certain, whether it lives or not. Asks no node."""
        if not os.path.exists(self._file_list()):
            return []
        with open(self._file_list(), encoding="utf-8") as names:
            return names.read().splitlines()

    def stop_writing_files(self) -> None:
        self.run("touch /run/stop-writing")

    def list_files(self, directory: str) -> set[str]:
        return set(self.run(f"ls {MOUNT_POINT}/{directory}").out.split())

    def verify_files(self, directory: str) -> str:
        """What is wrong with the files, a line each; empty is the good answer."""
        result = self.run(VERIFY_FILES.format(directory=f"{MOUNT_POINT}/{directory}"), check=False)
        return result.out + result.err

    def _file_list(self) -> str:
        return self.lab.rundir.file(f"{self.name}.files")
