# SPDX-License-Identifier: GPL-2.0-or-later
"""LVM of today on a node: volume groups that nodes share by lvmlockd and dlm."""
from .channel import Result

# The lab's disks are of a type that LVM has not heard of, and there is no udev.
CONFIGURATION = """devices {
	types = ["ubd", 16]
	use_devicesfile = 0
	obtain_device_list_from_udev = 0
	external_device_info_source = "none"
	global_filter = ["a|^/dev/ubd|", "r|.*|"]
}
global { use_lvmlockd = 1 }
activation {
	udev_sync = 0
	udev_rules = 0
	monitoring = 0
}
"""
PREPARE = """set -e
mkdir -p /run/lvm /run/lock/lvm /run/etc-lvm/archive /run/etc-lvm/backup
cat >/run/etc-lvm/lvm.conf <<'END'
{configuration}END
mount --bind /run/etc-lvm /etc/lvm"""
START_LVMLOCKD = """lvmlockd -g dlm
until lvmlockctl -i >/dev/null 2>&1; do sleep 0.05; done"""


class Lvm:
    """The part of a node that knows LVM."""

    def prepare_lvm(self) -> None:
        self.run(PREPARE.format(configuration=CONFIGURATION))

    def start_lvmlockd(self) -> None:
        """dlm runs already (gfs2.py)."""
        self.run(START_LVMLOCKD)

    def lvm(self, command: str, timeout: float = 60, check: bool = True) -> Result:
        """LVM commands; they are never asked anything."""
        return self.run(f"{{ {command}; }} </dev/null", timeout, check)
