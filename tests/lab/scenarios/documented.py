# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of docs/pacemaker.md and docs/lvm.md, run as they stand, on whole Debian systems."""
import json
import pathlib
import re
import textwrap

from lablib import debian, deploy_page, pacemaker
from lablib.clogd import NO_DAEMON
from lablib.cluster import Lab
from lablib.clustered import fill_legs, wait_until
from lablib.node import Node
from lablib.pacemaker import Fencing
from lablib.scenario import scenario

DOCS = pacemaker.TOP / "docs"
# "# one node, crm, replace": where, with which tool (either without one), and a word to tell blocks apart.
TITLE = re.compile(r"^# (every|one) node(?:, (crm|pcs))?(?:, (\w+))?$")
NAME = "mirror-1"
FENCING = {
    "crm": "crm configure primitive fence stonith:fence_lab params requests={requests} pcmk_host_check=static-list"
           " pcmk_host_list='{nodes}' && crm configure property stonith-action=off no-quorum-policy=freeze load-threshold={load}",
    "pcs": "pcs stonith create fence fence_lab requests={requests} pcmk_host_check=static-list pcmk_host_list='{nodes}'"
           " && pcs property set stonith-action=off no-quorum-policy=freeze load-threshold={load}",
}
DAEMON = "pcs resource create clogd ocf:clogd:clogd clone interleave=true notify=true"
COMMAND_S = 120
LOAD_THRESHOLD = "2000%"     # the nodes share the processors of one machine: by default one action runs at a time
SECTORS_PER_MB = 2048


class Block:
    def __init__(self, text: str) -> None:
        title, self.commands = textwrap.dedent(text).strip("\n").split("\n", 1)
        match = TITLE.match(title)
        self.everywhere = match[1] == "every"
        self.tool = match[2]
        self.word = match[3]


def blocks_of(page: pathlib.Path, smaller: dict[str, str] | None = None) -> list[Block]:
    """`smaller` replaces sizes, which are not the lab's."""
    text = page.read_text(encoding="utf-8")
    for size, ours in (smaller or {}).items():
        text = text.replace(size, ours)
    found = re.findall(r"^ {4,}# (?:every|one) node.*\n(?: {4,}.+\n)*", text, re.M)
    return [Block(text) for text in found]


def paste(lab: Lab, block: Block) -> None:
    """A command that fails ends it, as it would end an administrator's session."""
    nodes = lab.nodes if block.everywhere else [lab[1]]
    lab.each(lambda node: node.run(f"set -e\n{block.commands}", COMMAND_S), nodes)


def configure_fencing(lab: Lab, tool: str, fencing: Fencing) -> None:
    """In a cluster that has been started a moment ago."""
    wait_until(lambda: "partition with quorum" in lab[1].run("crm_mon -1", check=False).out, "a DC", COMMAND_S)
    lab[1].run(FENCING[tool].format(requests=fencing.directory, nodes=" ".join(node.name for node in lab.nodes),
                                    load=LOAD_THRESHOLD))


def stop(nodes: list[Node]) -> None:
    nodes[0].lab.each(lambda node: node.run("systemctl stop pacemaker", COMMAND_S), nodes)


def status(node: Node, name: str) -> dict:
    """Nothing where there is no daemon yet, or it does not know the mirror."""
    result = node.clogctl_run("status", "--json")
    logs = [] if result.status == NO_DAEMON else json.loads(result.out)["logs"]
    return next((log for log in logs if log["name"] == name), {})


def wait_in_use(lab: Lab, name: str, idents: list[int]) -> None:
    """Until it is, on these nodes, and all in sync."""
    def is_so() -> bool:
        logs = [status(lab[ident], name) for ident in idents]
        return all(log.get("attached") == idents and log["in_sync"] == log["regions"] for log in logs)

    wait_until(is_so, f"{name} in use on {idents}", COMMAND_S)


def wait_table(nodes: list[Node], name: str, word: str) -> None:
    """Until the mirror's table has it on all these nodes."""
    wait_until(lambda: all(f" {word} " in node.run(f"dmsetup table {name}").out for node in nodes),
               f"{word} in the table of {name}", COMMAND_S)


def number_of(node: Node, device: str) -> str:
    return node.run(f"stat -L -c %Hr:%Lr {device}").out.strip()


@scenario(disks={"leg0": "256M", "leg1": "256M", "leg2": "256M", "log": "4M"}, memory=debian.MEMORY,
          modules=debian.MODULES, debian=True, corosync=False, timeout=1200, default=False, tags=("documented",),
          variants={tool: {"tool": tool} for tool in FENCING})
def documented(lab: Lab, tool: str) -> None:
    """docs/deploy.md until Corosync runs, then docs/pacemaker.md: a mirror, GFS2, a node that dies, a leg replaced."""
    blocks = [block for block in blocks_of(DOCS / "pacemaker.md") if block.tool in (tool, None)]
    install, replace = blocks.pop(0), blocks.pop()
    assert "--now pacemaker" in install.commands and replace.word == "replace" and len(blocks) == 5, blocks
    fill_legs(lab, ["leg0", "leg1", "leg2"])
    deploy_page.link_disks(lab, {"leg-a": "leg0", "leg-b": "leg1", "leg-c": "leg2", "log": "log"})
    living = lab.nodes[:2]
    with Fencing(lab) as fencing:
        deploy_page.paste_until_corosync_runs(lab)
        paste(lab, install)
        debian.install_fence_agent(lab)
        configure_fencing(lab, tool, fencing)
        for block in blocks:
            paste(lab, block)
            if block.tool:
                wait_in_use(lab, NAME, [1, 2, 3])
        wait_until(lambda: all(node.run("findmnt /srv", check=False).status == 0 for node in lab.nodes),
                   "/srv on all nodes", COMMAND_S)
        lab[3].run("echo written on node3 >/srv/file; sync /srv/file")
        lab[3].power_off()
        wait_until(lambda: fencing.asked == ["node3"], "node3 to be fenced")
        wait_in_use(lab, NAME, [1, 2])
        paste(lab, replace)
        wait_table(living, NAME, number_of(lab[1], "/dev/disk/by-id/leg-c"))
        wait_in_use(lab, NAME, [1, 2])
        for node in living:
            assert node.run("cat /srv/file").out == "written on node3\n"
        stop(living)
    lab.assert_same("leg0", "leg2")
    lab.each(Node.power_off)


@scenario(disks={"disk-a": "192M", "disk-b": "192M", "disk-c": "192M"}, memory=debian.MEMORY, modules=debian.MODULES,
          debian=True, corosync=False, timeout=1200, default=False, tags=("documented",))
def documented_lvm(lab: Lab) -> None:
    """docs/lvm.md under Pacemaker: a mirror on volumes of a shared group; larger, another leg, another log."""
    sectors = 128 * SECTORS_PER_MB
    blocks = blocks_of(DOCS / "lvm.md", {"100G": "64M", "200G": "128M", "419430400": str(sectors)})
    deploy_page.link_disks(lab, {disk: disk for disk in lab.disks.names})
    lab.each(lambda node: node.run("echo 'devices { types = [\"ubd\", 16] }' >>/etc/lvm/lvmlocal.conf"))

    def wait_locks() -> None:
        wait_until(lambda: all(node.run("lvmlockctl -i", check=False).status == 0 for node in lab.nodes), "lvmlockd",
                   COMMAND_S)

    after = {
        "locks": wait_locks,
        "mirror": lambda: wait_in_use(lab, "data", [1, 2, 3]),
        "larger": lambda: wait_table(lab.nodes, "data", str(sectors)),
        "leg": lambda: wait_table(lab.nodes, "data", number_of(lab[1], "/dev/vg/data_leg2")),
        "log": lambda: wait_table(lab.nodes, "data", "/dev/vg/data_log2"),
    }
    assert [block.word for block in blocks if block.word] == list(after), [vars(block) for block in blocks]
    with Fencing(lab) as fencing:
        debian.install_clogd(lab)
        debian.start_cluster(lab)
        configure_fencing(lab, "pcs", fencing)
        lab[1].run(DAEMON)
        for block in blocks:
            paste(lab, block)
            if block.word:
                after[block.word]()
            if block.word not in (None, "locks"):
                wait_in_use(lab, "data", [1, 2, 3])
        assert not fencing.asked, fencing.asked
        lab[1].run("cmp /dev/vg/data_leg0 /dev/vg/data_leg2")
        stop(lab.nodes)
    lab.each(Node.power_off)
