# SPDX-License-Identifier: GPL-2.0-or-later
"""Table lines and status lines of dm mirrors. Text in, text out: nothing here runs a command."""
from typing import NamedTuple, Sequence

CLUSTERED = ("clustered-disk", "clustered-core")
WITH_DEVICE = ("clustered-disk", "disk")


class MirrorStatus(NamedTuple):
    devices: list[str]      # MAJ:MIN of the legs
    in_sync: int            # regions
    regions: int
    health: str             # a letter for each leg: A alive, D dead, S out of sync, R read error
    log_type: str
    log_words: list[str]    # what follows the type: for a disk log its device and its health

    @property
    def is_in_sync(self) -> bool:
        return self.in_sync == self.regions


def log_words(log: str, region_size: int, uuid: str = "", log_device: str = "", words: Sequence[str] = (),
              integrated_flush: bool = False) -> str:
    """The log's part of a table line. `words` are the arguments after the region size."""
    arguments = ([log_device] if log in WITH_DEVICE else []) + [str(region_size), *words]
    if log not in CLUSTERED:
        return " ".join([log, str(len(arguments)), *arguments])
    arguments = [uuid, *(["integrated_flush"] if integrated_flush else []), log, *arguments]
    return " ".join(["userspace", str(len(arguments)), *arguments])


def mirror_table(length: int, log: str, legs: Sequence[str], features: str = "") -> str:
    """`length` in sectors; a leg is a device or "device offset"; `log` comes from log_words()."""
    legs = [leg if " " in leg else f"{leg} 0" for leg in legs]
    return " ".join(filter(None, [f"0 {length} mirror {log} {len(legs)}", *legs, features]))


def parse_mirror_status(line: str) -> MirrorStatus:
    """Of the form: 0 131072 mirror 2 98:0 98:16 128/128 1 AA 3 clustered-disk 98:32 A"""
    words = line.split()
    if len(words) < 4 or words[2] != "mirror":
        raise ValueError(f"not a mirror's status: {line!r}")
    count = int(words[3])
    devices, rest = words[4:4 + count], words[4 + count:]
    in_sync, regions = map(int, rest[0].split("/"))
    health_words = int(rest[1])
    health = "".join(rest[2:2 + health_words])
    log = rest[2 + health_words + 1:]
    return MirrorStatus(devices, in_sync, regions, health, log[0] if log else "", log[1:])
