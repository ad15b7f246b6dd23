# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of docs/deploy.md, run as they stand on whole Debian systems, and what the package and its unit promise."""
import json

from lablib import debian, deploy_page
from lablib.channel import SIGKILL
from lablib.clogd import NO_DAEMON
from lablib.cluster import Lab
from lablib.clustered import Stripe, fill_legs, wait_until
from lablib.deploy_page import COMMAND_S
from lablib.node import Node
from lablib.scenario import scenario

DISKS = {"leg-a": "leg0", "leg-b": "leg1", "log": "log"}
MIRROR = "/dev/mapper/mirror-1"
SIGSEGV, SIGSTOP = 11, 19
STATUS_S = 10       # it is said anew every two seconds
REFUSED = "live mirrors need it: mirror-1"


def paste_page(lab: Lab) -> None:
    for where, commands in deploy_page.blocks():
        deploy_page.paste(lab, where, commands)
        if "--now mirror-1" in commands:
            wait_until(lambda: is_attached(lab, [1, 2, 3]), "mirror-1 in use on all nodes", COMMAND_S)


def attached(node: Node) -> list[int]:
    """The nodes that use the mirror, as this one's daemon says; none where there is no daemon yet."""
    result = node.clogctl_run("status", "--json")
    logs = [] if result.status == NO_DAEMON else json.loads(result.out)["logs"]
    return logs[0]["attached"] if logs else []


def is_attached(lab: Lab, idents: list[int]) -> bool:
    return all(attached(lab[ident]) == idents for ident in idents)


def is_active(node: Node) -> bool:
    return node.run("systemctl is-active clogd", check=False).out == "active\n"


def daemon(node: Node) -> str:
    return node.run("systemctl show -P MainPID clogd").out.strip()


def wait_serving(lab: Lab) -> None:
    wait_until(lambda: is_attached(lab, [1, 2, 3]), "all in use again", COMMAND_S)


def is_refused(lab: Lab, node: Node, command: str) -> None:
    """And afterwards the daemon runs."""
    # Through a pipe: in a file, what the unit and systemctl write would lie over each other.
    result = node.run(f"bash -o pipefail -c '{command} 2>&1 | cat'", COMMAND_S, check=False)
    assert result.status != 0 and REFUSED in result.out, (command, result)
    wait_serving(lab)


def is_replaced(lab: Lab, node: Node, command: str) -> None:
    former = daemon(node)
    node.run(command, COMMAND_S)
    wait_until(lambda: is_active(node) and daemon(node) not in ("0", former), f"another daemon after {command}", COMMAND_S)
    wait_serving(lab)


def is_spared(node: Node) -> None:
    """By a kernel that is out of memory, Corosync as well as the daemon."""
    for unit in ("corosync", "clogd"):
        out = node.run(f"cat /proc/$(systemctl show -P MainPID {unit})/oom_score_adj").out
        assert out == "-1000\n", (unit, out)


def leaves_nothing(node: Node) -> None:
    """The flight recorder of a daemon that died is not left in memory."""
    files = node.run("ls /dev/shm").out.split()
    recorders = [name for name in files if name.startswith("qb-clogd-")]
    assert recorders and all(name.startswith(f"qb-clogd-{daemon(node)}-") for name in recorders), files


@scenario(memory=debian.MEMORY, modules=debian.MODULES, debian=True, corosync=False, timeout=900, default=False,
          tags=("deployed",))
def deployed(lab: Lab) -> None:
    """docs/deploy.md, pasted; then stop is refused, and upgrade, crash and hang of a daemon are survived by writes."""
    fill_legs(lab)
    deploy_page.link_disks(lab, DISKS)
    package = deploy_page.build_package(lab)
    assert len(deploy_page.blocks()) == 9, deploy_page.blocks()
    paste_page(lab)
    lab.each(is_spared)
    lab[1].wait_in_sync("mirror-1", COMMAND_S)
    node = lab[2]
    stripe = Stripe(MIRROR, 1, 8, 8)
    writer = stripe.start_write(node, runtime=600)
    for command in ("systemctl stop clogd", "systemctl stop corosync", "clogctl stop", "dpkg -r clogd"):
        is_refused(lab, node, command)
    is_replaced(lab, node, "systemctl restart clogd")
    is_replaced(lab, node, f"dpkg -i {package}")
    is_replaced(lab, node, f"kill -{SIGKILL} {daemon(node)}")
    leaves_nothing(node)
    is_replaced(lab, node, f"kill -{SIGSEGV} {daemon(node)}")
    leaves_nothing(node)
    assert node.run("clogctl dump --show /run/clogd/blackbox.crash").out, "a crash leaves the flight recorder"
    is_replaced(lab, node, f"kill -{SIGSTOP} {daemon(node)}")
    node.run("clogctl stop --force")
    wait_until(lambda: not is_active(node), "a daemon that stopped")
    node.run("systemctl start clogd")
    wait_serving(lab)
    assert writer.stop().error == 0
    stripe.verify(lab[3])
    lab[1].wait_in_sync("mirror-1", COMMAND_S)
    wait_until(lambda: node.run("systemctl show -P StatusText clogd").out ==
               "node 2: quorate, 3 nodes; 1 mirror, all in sync\n", "a line of status that is so", STATUS_S)
    lab.note(node.run("systemd-analyze security clogd.service | tail -n 1").out.strip())
    lab.each(lambda each: each.run("systemctl stop mirror-1 clogd && dpkg -r clogd", COMMAND_S))
    lab.assert_same("leg0", "leg1")
    lab.each(Node.power_off)
