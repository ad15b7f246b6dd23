# SPDX-License-Identifier: GPL-2.0-or-later
"""Device-mapper devices of a node."""
import shlex
import time
from typing import Sequence

from .channel import Handle
from .errors import LabTimeout
from .mirror import MirrorStatus, log_words, mirror_table, parse_mirror_status
from .patience import deadline, nap

UDEVLESS = "--noudevsync --noudevrules"
SYNC_POLL_S = 0.1
STAT_POLL_S = 0.05
WRITES_WORD = 4         # of a device's stat in sysfs: writes completed
UNDER_WAY_WORD = 8      # reads and writes that are not


class DeviceMapper:
    """The part of a node that knows dmsetup. A device is named as in dmsetup, a disk as in the lab."""

    def dm_create(self, name: str, table: str, timeout: float = 30) -> str:
        """Creates and activates; returns the path of the new device."""
        self.run(f"dmsetup create {UDEVLESS} {name} --table {shlex.quote(table)} && dmsetup mknodes {name}",
                 timeout)
        return f"/dev/mapper/{name}"

    def dm_reload(self, name: str, table: str, timeout: float = 30) -> None:
        """Loads a table beside the live one; a resume makes it live."""
        self.run(f"dmsetup load {name} --table {shlex.quote(table)}", timeout)

    def dm_suspend(self, name: str, flush: bool = True, timeout: float = 30) -> None:
        self.run(f"dmsetup suspend {'' if flush else '--noflush'} --nolockfs {name}", timeout)

    def dm_resume(self, name: str, timeout: float = 30) -> None:
        self.run(f"dmsetup resume {UDEVLESS} {name}", timeout)

    def dm_remove(self, name: str, timeout: float = 30) -> None:
        self.run(f"dmsetup remove {UDEVLESS} {name} && rm -f /dev/mapper/{name}", timeout)

    def dm_names(self) -> list[str]:
        lines = self.run("dmsetup ls").out.splitlines()
        return [line.split()[0] for line in lines if "\t" in line]

    def dm_status(self, name: str, timeout: float = 30) -> str:
        return self.run(f"dmsetup status {name}", timeout).out.strip()

    def dm_delay(self, name: str, disk: str, read_ms: int = 0, write_ms: int = 0) -> str:
        """A slow disk above a disk: delays reads and writes. Returns its path."""
        device = self.device(disk)
        return self.dm_create(name, f"0 {self.device_sectors(disk)} delay {device} 0 {read_ms} {device} 0 {write_ms}")

    def dm_undelay(self, name: str, disk: str) -> None:
        """From now on it is as fast, and as well, as the disk below."""
        self._dm_become(name, f"0 {self.device_sectors(disk)} linear {self.device(disk)} 0")

    def dm_slow_down(self, name: str, disk: str, write_ms: int) -> None:
        """From now on its writes are late."""
        device = self.device(disk)
        self._dm_become(name, f"0 {self.device_sectors(disk)} delay {device} 0 0 {device} 0 {write_ms}")

    def dm_linear(self, name: str, disk: str) -> str:
        """A disk above a disk, whose table can later be reloaded to "error". Returns its path."""
        return self.dm_create(name, f"0 {self.device_sectors(disk)} linear {self.device(disk)} 0")

    def dm_fail(self, name: str) -> None:
        """Makes a device fail all I/O from now on."""
        sectors = self.run(f"blockdev --getsz /dev/mapper/{name}").out.strip()
        self._dm_become(name, f"0 {sectors} error")

    def _dm_become(self, name: str, table: str) -> None:
        self.dm_reload(name, table)
        self.dm_suspend(name, flush=False)
        self.dm_resume(name)

    def writes_done(self, name: str) -> int:
        """Writes to a device that are complete."""
        return self._stat_word(name, WRITES_WORD)

    def has_io_under_way(self, name: str) -> bool:
        """Whether a device has reads or writes that are not complete."""
        return self._stat_word(name, UNDER_WAY_WORD) > 0

    def start_await_writes(self, name: str, count: int) -> Handle:
        """A command that ends when so many writes to the device are complete."""
        return self.start(f"until read -r _ _ _ _ done _ <{self._stat_path(name)} && [ $done -ge {count} ]; "
                          f"do sleep {STAT_POLL_S}; done")

    def _stat_word(self, name: str, word: int) -> int:
        return int(self.run(f"cat {self._stat_path(name)}").out.split()[word])

    def _stat_path(self, name: str) -> str:
        number = self.run(f"dmsetup info -c --noheadings -o major,minor {name}").out.strip()
        return f"/sys/dev/block/{number}/stat"

    def mirror_line(self, uuid: str = "", log: str = "clustered-disk", region_size: int = 1024,
                    legs: Sequence[str] = ("leg0", "leg1"), logdev: str = "log", length_sectors: int | None = None,
                    words: Sequence[str] = (), integrated_flush: bool = False,
                    features: str = "1 handle_errors") -> str:
        """A mirror's table. Legs and log device are disks of the lab or paths; sizes in sectors."""
        log_device = self.device(logdev) if log.endswith("disk") else ""
        length = length_sectors or min(self.device_sectors(leg) for leg in legs)
        return mirror_table(length, log_words(log, region_size, uuid, log_device, words, integrated_flush),
                            [self.device(leg) for leg in legs], features)

    def mirror_create(self, name: str, uuid: str = "", *, timeout: float = 30, **options) -> str:
        """See mirror_line for the options. Returns the path of the new device."""
        return self.dm_create(name, self.mirror_line(uuid, **options), timeout)

    def mirror_reload(self, name: str, uuid: str = "", *, flush: bool = True, timeout: float = 60,
                      **options) -> None:
        """Load, suspend, resume: the mirror goes on with a new table.

        Writes held since a leg failed end with an error if flush is set, and are done anew if not.
        """
        self.dm_reload(name, self.mirror_line(uuid, **options), timeout)
        self.dm_suspend(name, flush, timeout)
        self.dm_resume(name, timeout=timeout)

    def mirror_status(self, name: str, timeout: float = 30) -> MirrorStatus:
        return parse_mirror_status(self.dm_status(name, timeout))

    def wait_in_sync(self, name: str, timeout: float = 60) -> MirrorStatus:
        until = deadline(timeout)
        while True:
            status = self.mirror_status(name, max(1.0, until - time.monotonic()))
            if status.is_in_sync:
                return status
            if time.monotonic() > until:
                raise LabTimeout(f"{self.name}: {name} is not in sync after {timeout} s: {status}")
            nap(SYNC_POLL_S)
