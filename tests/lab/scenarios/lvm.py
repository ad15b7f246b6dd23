# SPDX-License-Identifier: GPL-2.0-or-later
"""On LVM of today: legs and log are linear volumes of a group that the nodes share; docs/lvm.md in action."""
import base64

from lablib import gfs2, pacemaker
from lablib.cluster import Lab
from lablib.clustered import ClusterMirror, Stripe, assert_replicas_agree, start_daemons, wait_until
from lablib.disks import parse_log
from lablib.mirror import parse_mirror_status
from lablib.node import Node
from lablib.pacemaker import DEGRADED, SUCCESS
from lablib.scenario import scenario

NEEDS = {"disks": {"pv0": "96M", "pv1": "96M", "pv2": "96M", "pv3": "32M"}, "memory": pacemaker.MEMORY,
         "modules": (*pacemaker.MODULES, *gfs2.MODULES), "timeout": 240, "tags": ("lvm",)}
VG = "vg"
NAME = "data"
LEG_MB = 32
SECTORS_PER_MB = 2048
CHANGE_S = 60


class LvmMirror(ClusterMirror):
    """The mirror /dev/mapper/data of ocf:clogd:mirror, on volumes of the group."""

    def __init__(self, lab: Lab, **parameters) -> None:
        super().__init__(lab, NAME, f"clogd-{NAME}")
        self.parameters = {"name": NAME, "legs": " ".join(volume(f"leg{number}") for number in (0, 1)),
                           "log": volume("log")} | parameters

    def agent(self, node: Node, action: str) -> int:
        return node.run_agent("mirror", action, self.parameters).status

    def start(self) -> "LvmMirror":
        self.all("start")
        return self

    def all(self, action: str) -> None:
        """On all nodes at once, as Pacemaker does it; it must succeed on each."""
        def act(node: Node) -> None:
            result = node.run_agent("mirror", action, self.parameters)
            assert result.status == SUCCESS, f"{node}: {action}: {result}"

        self.lab.each(act, self.nodes)


    def change(self, parameter: str, value: str) -> None:
        """Of the devices; returns when all nodes have gone on with the new ones."""
        self.parameters[parameter] = value
        self.all("reload-agent")
        wait_until(lambda: all(self.agent(node, "monitor") == SUCCESS for node in self.nodes), f"another {parameter}",
                   CHANGE_S)


def volume(name: str) -> str:
    return f"/dev/{VG}/{NAME}_{name}"


def create_volume(lab: Lab, name: str, size_mb: int, disk: str) -> None:
    """Made by one node, in use on all."""
    lab[1].lvm(f"lvcreate -an -Wn -Zn -n {NAME}_{name} -L {size_mb}M {VG} {lab[1].device(disk)}")
    lab.each(lambda node: node.lvm(f"lvchange -asy {VG}/{NAME}_{name}"))


def start_lock_managers(lab: Lab) -> None:
    def start(node: Node) -> None:
        node.install_agents()
        node.prepare_lvm()
        node.start_dlm()
        node.start_lvmlockd()

    lab.each(start)


def share_group(lab: Lab) -> None:
    """A volume group of all disks, for all nodes."""
    start_lock_managers(lab)
    lab[1].lvm(f"vgcreate --shared {VG} {' '.join(lab[1].device(disk) for disk in lab.disks.names)}")
    lab.each(lambda node: node.lvm(f"vgchange --lock-start {VG}"), lab.nodes[1:])


def make_mirror(lab: Lab, **parameters) -> LvmMirror:
    share_group(lab)
    for number in (0, 1):
        create_volume(lab, f"leg{number}", LEG_MB, f"pv{number}")
    create_volume(lab, "log", 4, "pv3")
    start_daemons(lab)
    mirror = LvmMirror(lab, **parameters).start()
    mirror.wait_in_sync()
    return mirror


def assert_legs_same(lab: Lab, *legs: str) -> None:
    node = lab[1]
    wrong = node.run(f"cmp {volume(legs[0])} {volume(legs[1])}", check=False)
    assert wrong.status == 0, wrong


def finish(lab: Lab, mirror: LvmMirror, *legs: str) -> None:
    mirror.wait_in_sync()
    assert_replicas_agree(lab)
    mirror.all("stop")
    assert_legs_same(lab, *legs)
    lab.each(lambda node: node.kill_clogd(15))
    # The lock managers have no other end here.
    lab.each(lambda node: node.power_off())


@scenario(**NEEDS)
def lvm_legs_grow(lab: Lab) -> None:
    """Legs are extended by LVM, then the mirror by its agent on all nodes, while it is written to."""
    mirror = make_mirror(lab, size=LEG_MB * SECTORS_PER_MB)
    old = Stripe(mirror.path, 1, 0, 4)
    writer = old.start_write(lab[2], runtime=600)
    for number in (0, 1):
        lab[1].lvm(f"lvextend --lockopt shupdate -L {2 * LEG_MB}M {VG}/{NAME}_leg{number}")
        lab.each(lambda node: node.lvm(f"lvchange --refresh {VG}/{NAME}_leg{number}"), lab.nodes[1:])
    mirror.parameters["size"] = 2 * LEG_MB * SECTORS_PER_MB
    mirror.all("reload-agent")
    for node in lab.nodes:
        assert node.device_sectors(mirror.path) == 2 * LEG_MB * SECTORS_PER_MB
    assert writer.stop().error == 0
    new = Stripe(mirror.path, 2, 2 * LEG_MB - 4, 4)
    new.write(lab[3])
    mirror.wait_in_sync()
    new.verify(lab[1])
    # Nothing to do is done.
    mirror.all("reload-agent")
    finish(lab, mirror, "leg0", "leg1")


@scenario(**NEEDS)
def lvm_leg_is_replaced(lab: Lab) -> None:
    """A leg fails under a writer; another volume takes its place on all nodes at once, and nothing is lost."""
    mirror = make_mirror(lab)
    stripe = Stripe(mirror.path, 1, 0, 4)
    stripe.write(lab[2])
    writer = stripe.start_write(lab[2], runtime=600)
    lab.each(lambda node: node.dm_fail(f"{VG}-{NAME}_leg1"))
    wait_until(lambda: "D" in parse_mirror_status(lab[2].dm_status(NAME)).health, "the writer's kernel to see it")
    wait_until(lambda: mirror.agent(lab[2], "monitor") == DEGRADED, "the agent to tell")
    create_volume(lab, "leg2", LEG_MB, "pv2")
    mirror.change("legs", f"{volume('leg0')} {volume('leg2')}")
    mirror.wait_in_sync()
    assert writer.stop().error == 0, "a write failed"
    stripe.verify(lab[3])
    finish(lab, mirror, "leg0", "leg2")


@scenario(**NEEDS)
def lvm_log_is_replaced(lab: Lab) -> None:
    """The log's volume fails, writes wait (block_on_error), in the daemon too; with another one they go on."""
    mirror = make_mirror(lab, block_on_error="true")
    stripe, unmarked = Stripe(mirror.path, 1, 0, 4), Stripe(mirror.path, 2, 8, 1)
    stripe.write(lab[2])
    writer = stripe.start_write(lab[2], runtime=600)
    lab.each(lambda node: node.dm_fail(f"{VG}-{NAME}_log"))
    held = unmarked.start_write(lab[3])
    wait_until(lambda: mirror.status(lab[2])["state"] == "failed", "clogd to see it")
    assert not held.poll(), "a write ended while its mark could not be written"
    create_volume(lab, "log2", 4, "pv3")
    mirror.change("log", volume("log2"))
    mirror.wait_in_sync()
    assert mirror.status(lab[2])["log_device"]["health"] == "A"
    assert writer.stop().error == 0 and held.wait().error == 0, "a write failed"
    stripe.verify(lab[3])
    unmarked.verify(lab[2])
    finish(lab, mirror, "leg0", "leg1")


OLD_NAME = f"{VG}-{NAME}"
REGION_SECTORS = 1024
REGIONS = LEG_MB * SECTORS_PER_MB // REGION_SECTORS
SENTINEL = b"a region that is in sync is not copied"
BLOCK_BYTES = 4096
MARK_CLUSTERED = """vgcfgbackup -f /run/local vg &&
sed 's/status = ."RESIZEABLE"/status = ["CLUSTERED", "RESIZEABLE"/' /run/local >/run/clustered &&
vgcfgrestore -f /run/clustered vg"""
# As docs/lvm.md has it.
ADOPT = """vgchange -y --lock-type none --lock-opt force vg &&
vgcfgbackup -f /run/before vg &&
{lvm_adopt} vg/data /run/before >/run/after 2>/run/parameters &&
vgcfgrestore -f /run/after vg &&
vgchange -y --lock-type dlm vg"""


def dirty_regions(node: Node, log: str) -> set[int]:
    text = node.run(f"dd if={log} bs={BLOCK_BYTES} count=1 iflag=direct status=none | base64").out
    return set(range(REGIONS)) - parse_log(base64.b64decode(text), REGIONS).clean


def make_old_mirror(lab: Lab, node: Node) -> Stripe:
    """A mirror LV as LVM 2.02 had it, dirty: its node died while it wrote.

    The kernel's own disk log, which LVM takes on a single node, has the format of the cluster's.
    """
    disks = " ".join(node.device(disk) for disk in ("pv0", "pv1", "pv3"))
    node.lvm(f"vgcreate {VG} {disks}")
    node.lvm(f"lvcreate --type mirror -m1 --mirrorlog disk -R 512k -Wn -Zn -L {LEG_MB}M -n {NAME} {VG} {disks}")
    node.wait_in_sync(OLD_NAME)
    stripe = Stripe(f"/dev/mapper/{OLD_NAME}", 1, 8, 4)
    stripe.write(node)
    stripe.start_write(node, runtime=600)
    wait_until(lambda: dirty_regions(node, f"/dev/mapper/{OLD_NAME}_mlog"), "regions that are being written")
    # What is under way stays so: else the last bit may be cleared before the cut.
    node.dm_suspend(f"{OLD_NAME}_mimage_1", flush=False)
    wait_until(lambda: dirty_regions(node, f"/dev/mapper/{OLD_NAME}_mlog"), "regions that wait for a leg")
    node.power_off()
    return stripe


def put_sentinel(node: Node, region: int) -> str:
    """Makes the second leg another in one region, behind the mirror's back; returns where it can be read."""
    at = f"bs={BLOCK_BYTES} count=1"
    block = region * REGION_SECTORS // (BLOCK_BYTES // 512)
    text = base64.b64encode(SENTINEL.ljust(BLOCK_BYTES)).decode()
    node.run(f"echo {text} | base64 -d | dd of={volume('leg1')} {at} seek={block} oflag=direct iflag=fullblock")
    return f"dd if={volume('leg1')} {at} skip={block} iflag=direct status=none"


@scenario(**NEEDS)
def lvm_old_mirror_is_adopted(lab: Lab) -> None:
    """A cluster mirror of LVM 2.02 becomes one of the agent's: what its bitmap says is copied, and nothing else."""
    dead, one, two = lab.nodes
    start_lock_managers(lab)
    old = make_old_mirror(lab, dead)
    lab.wait_quorate([2, 3])
    one.lvm(MARK_CLUSTERED)
    assert "clustered" in one.lvm(f"vgs {VG}", check=False).err, "this is no group of a cluster"
    one.lvm(ADOPT.format(lvm_adopt=pacemaker.TOP / "tools/lvm-adopt"))
    given = dict(line.split("=", 1) for line in one.run("cat /run/parameters").out.splitlines())
    assert given == {"name": NAME, "legs": f'"{volume("leg0")} {volume("leg1")}"', "log": volume("log"),
                     "region_size": str(REGION_SECTORS), "size": str(LEG_MB * SECTORS_PER_MB)}, given
    living = [one, two]
    lab.each(lambda node: node.lvm(f"vgchange --lock-start {VG} && lvchange -asy {VG}"), living)
    dirty = dirty_regions(one, volume("log"))
    assert 0 < len(dirty) < REGIONS, f"{len(dirty)} of {REGIONS} regions are dirty"
    sentinel = put_sentinel(one, min(set(range(REGIONS)) - dirty))

    lab.each(lambda node: node.start_clogd(), living)
    mirror = LvmMirror(lab, size=given["size"], region_size=given["region_size"])
    mirror.nodes = living
    mirror.start()
    mirror.wait_in_sync()
    copied = sum(mirror.status(node)["counters"]["regions_recovered"] for node in living)
    assert copied == len(dirty), f"{copied} regions were copied, {len(dirty)} were dirty"
    assert SENTINEL.decode() in two.run(sentinel).out, "a region that was in sync was copied"
    Stripe(mirror.path, old.number, 8, 4).verify(two)
    lab.note(f"{len(dirty)} of {REGIONS} regions were dirty, and copied")
    mirror.all("stop")
    lab.each(lambda node: node.power_off())
