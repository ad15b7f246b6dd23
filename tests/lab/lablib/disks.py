# SPDX-License-Identifier: GPL-2.0-or-later
"""The shared disks: image files of the host, block devices of every node, read here behind the nodes' back.

A node's device writes to the image without a cache of its own, so a write that has ended is what every
other node (with O_DIRECT) and this host read, also after the node's power is gone.
"""
import os
import string
import struct
import subprocess
from typing import NamedTuple

from .errors import LabError
from .rundir import RunDir

SECTOR_BYTES = 512
DISKS_MAX = 8
COMPARE_BYTES = 4096
LOG_HEADER = struct.Struct("<IIQ")
LOG_BITMAP_OFFSET = 1024


class DiskLog(NamedTuple):
    """A log device in the kernel's format. `clean` is the set of regions whose bit is set."""
    magic: int
    version: int
    region_count: int
    clean: frozenset


def parse_size(size: str | int) -> int:
    """Bytes from a number or a text such as 64M."""
    if isinstance(size, int):
        return size
    factor = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(size[-1].upper())
    return int(size[:-1]) * factor if factor else int(size)


def parse_log(data: bytes, regions: int | None = None) -> DiskLog:
    """The beginning of a log device; `regions` where the header's count is not the real one."""
    magic, version, region_count = LOG_HEADER.unpack_from(data)
    count = min(regions or region_count, 8 * (len(data) - LOG_BITMAP_OFFSET))
    bitmap = data[LOG_BITMAP_OFFSET:]
    clean = frozenset(region for region in range(count) if bitmap[region >> 3] >> (region & 7) & 1)
    return DiskLog(magic, version, region_count, clean)


class Disks:
    def __init__(self, rundir: RunDir, sizes: dict[str, str]) -> None:
        if len(sizes) > DISKS_MAX:
            raise LabError(f"a node has at most {DISKS_MAX} disks")
        self.rundir = rundir
        self.sizes = {name: parse_size(size) for name, size in sizes.items()}
        self.names = list(sizes)
        self.clear()

    def path(self, name: str) -> str:
        return self.rundir.image(f"{name}.disk")

    def device(self, name: str) -> str:
        """The device in a node."""
        return f"/dev/ubd{string.ascii_lowercase[self.names.index(name)]}"

    def device_number(self, name: str) -> str:
        return f"98:{16 * self.names.index(name)}"

    def arguments(self) -> list[str]:
        """c: shared, that is without a lock of the host on the file; d: never a copy-on-write file."""
        return [f"ubd{number}cd={self.path(name)}" for number, name in enumerate(self.names)]

    def clear(self) -> None:
        """All zeros. Nodes must have no dirty or cached blocks of them."""
        for name, size in self.sizes.items():
            descriptor = os.open(self.path(name), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.ftruncate(descriptor, 0)
                os.ftruncate(descriptor, size)
            finally:
                os.close(descriptor)

    def remove(self) -> None:
        for name in self.names:
            os.unlink(self.path(name))

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        with open(self.path(name), "rb") as image:
            image.seek(offset)
            return image.read(-1 if length is None else length)

    def write(self, name: str, offset: int, data: bytes) -> None:
        with open(self.path(name), "r+b") as image:
            image.seek(offset)
            image.write(data)

    def differences(self, first: str, second: str, length: int | None = None) -> list[int]:
        """Offsets in bytes of the 4 KiB blocks that differ in two disks."""
        length = length or min(self.sizes[first], self.sizes[second])
        offsets = []
        chunk_bytes = 1 << 20
        with open(self.path(first), "rb") as one, open(self.path(second), "rb") as two:
            for start in range(0, length, chunk_bytes):
                wanted = min(chunk_bytes, length - start)
                left, right = one.read(wanted), two.read(wanted)
                if left != right:
                    offsets += [start + at for at in range(0, wanted, COMPARE_BYTES)
                                if left[at:at + COMPARE_BYTES] != right[at:at + COMPARE_BYTES]]
        return offsets

    def read_log(self, name: str, regions: int | None = None) -> DiskLog:
        """Decodes a log device; `regions` where the header's count is not the real one."""
        return parse_log(self.read(name), regions)

    def save(self, directory: str) -> None:
        for name in self.names:
            subprocess.run(["cp", "--sparse=always", self.path(name), directory], check=True)
