# SPDX-License-Identifier: GPL-2.0-or-later
"""Under Pacemaker: the agents ocf:clogd:clogd and ocf:clogd:mirror."""
import json

from lablib import pacemaker
from lablib.channel import SIGKILL
from lablib.clogd import NO_DAEMON, SIGTERM
from lablib.cluster import Lab
from lablib.clustered import ClusterMirror, Gate, Stripe, assert_replicas_agree, fill_legs, stripes_for, wait_until
from lablib.node import Node
from lablib.pacemaker import Fencing
from lablib.scenario import scenario

TAGS = ("pacemaker",)
NAME = "m"
UUID = "clogd-m"
# The mirror follows the daemon, but survives its restart.
CONSTRAINTS = ('<rsc_order id="order" first="clogd-clone" then="mirror-clone" kind="Optional"/>'
               '<rsc_colocation id="together" rsc="mirror-clone" with-rsc="clogd-clone" score="INFINITY"/>')
NEEDS = {"memory": pacemaker.MEMORY, "modules": pacemaker.MODULES}
DAEMON_MONITOR_S = 5
MIRROR_MONITOR_S = 20
CLUSTER_S = 90             # for the cluster manager to get something done
WRITES_PER_S = 20          # always some under way, and time left for others
ENDLESS_S = 600
ELSEWHERE = "/run/elsewhere"


def configuration(lab: Lab, fencing: Fencing, leg: str) -> str:
    names = [node.name for node in lab.nodes]
    parameters = {"name": NAME, "legs": f"{lab[1].device('leg0')} {leg}", "log": lab[1].device("log")}
    return pacemaker.cib(names, pacemaker.fence_device(fencing.directory, names)
                         + pacemaker.clone("clogd", "clogd", {}, DAEMON_MONITOR_S)
                         + pacemaker.clone("mirror", "mirror", parameters, MIRROR_MONITOR_S), CONSTRAINTS)


def log_of(node: Node) -> dict | None:
    """What clogctl says of the mirror on a node; None where no daemon answers, or it does not know it."""
    result = node.clogctl_run("status", "--json")
    logs = [] if result.status == NO_DAEMON else json.loads(result.out)["logs"]
    return next((log for log in logs if log["uuid"] == UUID), None)


def wait_attached(lab: Lab, idents: list[int], timeout: float = CLUSTER_S) -> None:
    """Until the mirror is in use on these nodes and no others, as each of them says."""
    def is_so() -> bool:
        logs = [log_of(lab[ident]) for ident in idents]
        return all(log and log["attached"] == idents and log["state"] == "active" for log in logs)

    wait_until(is_so, f"the mirror in use on {idents}", timeout)


def daemon_pid(node: Node) -> str:
    return node.run("cat /run/cmirrord.pid", check=False).out.strip()


def leaves_in_standby(lab: Lab, node: Node) -> None:
    others = [other.ident for other in lab.nodes if other is not node]
    node.run(f"crm_attribute --type nodes --node {node.name} --name standby --update on")
    wait_attached(lab, others)
    wait_until(lambda: not daemon_pid(node), "no daemon on the node in standby", CLUSTER_S)
    assert NAME not in node.dm_names()
    node.run(f"crm_attribute --type nodes --node {node.name} --name standby --delete")
    wait_attached(lab, sorted(others + [node.ident]))


def daemon_is_restarted(lab: Lab, node: Node) -> None:
    former = daemon_pid(node)
    node.run(f"kill -KILL {former}")
    wait_until(lambda: daemon_pid(node) not in ("", former), "another daemon", CLUSTER_S)
    wait_attached(lab, [1, 2, 3])


def dies_and_is_fenced(lab: Lab, stripe: Stripe, gate: Gate, fencing: Fencing) -> None:
    """Pacemaker's last node dies while it writes; until it is known to be fenced nothing of it is copied."""
    victim, observer = lab[3], lab[1]
    fencing.held.set()
    stripe.start_write(victim, runtime=ENDLESS_S)
    gate.close()
    wait_until(lambda: any(entry["node"] == 3 for entry in log_of(observer)["marked"]), "marks of the victim")
    victim.power_off()
    wait_until(lambda: log_of(observer)["lost"] == [3], "the victim to be missed", CLUSTER_S)
    wait_until(lambda: fencing.asked == [victim.name], "a request to fence it", CLUSTER_S)
    assert log_of(observer)["waits_for_fencing"], "it counts as dead before it was fenced"
    fencing.held.clear()
    wait_until(lambda: not log_of(observer)["waits_for_fencing"], "word that it was fenced", CLUSTER_S)
    wait_attached(lab, [1, 2])


@scenario(**NEEDS, timeout=300, tags=TAGS)
def pacemaker_runs_the_mirror(lab: Lab) -> None:
    """Up everywhere; a node in standby leaves, a dead daemon is restarted, a dead node fenced; no I/O fails."""
    fill_legs(lab)
    one, two, three = lab.nodes
    lab.each(lambda node: node.install_agents())
    # The same path on all nodes; on the node that will die it can be held.
    gates = lab.each(lambda node: Gate(node, "leg1"))
    mirror = ClusterMirror(lab, NAME, UUID)
    with Fencing(lab) as fencing:
        managers = lab.each(lambda node: node.start_pacemaker(configuration(lab, fencing, gates[0].path)))
        wait_attached(lab, [1, 2, 3])
        mirror.wait_in_sync()
        stripes = stripes_for(lab, mirror.path, 8)
        for stripe in stripes.values():
            stripe.write(three)
        writers = [stripes[node.ident].start_write(node, runtime=ENDLESS_S, rate_iops=WRITES_PER_S) for node in (one, two)]

        leaves_in_standby(lab, three)
        daemon_is_restarted(lab, two)
        dies_and_is_fenced(lab, stripes[3], gates[2], fencing)

        mirror.nodes = [one, two]
        for writer in writers:
            assert writer.stop().error == 0, "an I/O error on a node that lived"
        mirror.wait_in_sync()
        assert_replicas_agree(lab, mirror.nodes)
        stripes[1].verify(two)
        stripes[2].verify(one)
        for manager in managers[:2]:
            manager.kill(SIGTERM)
        for node, manager in zip(mirror.nodes, managers):
            manager.wait(CLUSTER_S)
            assert NAME not in node.dm_names() and not daemon_pid(node), "a node that stops leaves something"
    lab.assert_same("leg0", "leg1")


def set_legs(node: Node, *legs: str) -> None:
    node.run(f"crm_resource --resource mirror --set-parameter legs --parameter-value '{' '.join(legs)}'")


def has_leg(node: Node, leg: str) -> bool:
    number = node.run(f"stat -L -c %Hr:%Lr {leg}").out.strip()
    return f" {number} 0" in node.run(f"dmsetup table {NAME}").out


def remembered(node: Node) -> str:
    """The devices that the cluster knows the mirror was last used on."""
    return node.run(f"crm_attribute --type crm_config --name clogd-devices-{NAME} --query --quiet", check=False).out.strip()


def is_suspended(node: Node) -> bool:
    return node.run(f"dmsetup info -c --noheadings -o suspended {NAME}").out.strip() == "Suspended"


def is_waiter_killed(node: Node) -> bool:
    """What was to resume the mirror there, when all have suspended it, is no more."""
    return node.run("pkill -KILL -f '[f]inish-change'", check=False).status == 0 and is_suspended(node)


@scenario(disks={"leg0": "64M", "leg1": "64M", "leg2": "64M", "log": "4M"}, **NEEDS, timeout=300, tags=TAGS)
def pacemaker_replaces_a_leg(lab: Lab) -> None:
    """Legs are changed under writers; once a node lacks one, and who waits for it elsewhere is killed: all go on."""
    fill_legs(lab, ["leg0", "leg1", "leg2"])
    leg0, leg1, leg2 = (lab[1].device(f"leg{number}") for number in range(3))
    lab.each(lambda node: node.install_agents())
    mirror = ClusterMirror(lab, NAME, UUID)
    with Fencing(lab) as fencing:
        managers = lab.each(lambda node: node.start_pacemaker(configuration(lab, fencing, leg1)))
        wait_attached(lab, [1, 2, 3])
        mirror.wait_in_sync()
        stripes = stripes_for(lab, mirror.path, 8)
        lab.each(lambda node: stripes[node.ident].write(node))  # all of it: what is written below may not get that far
        writers = [stripes[node.ident].start_write(node, runtime=ENDLESS_S, rate_iops=WRITES_PER_S) for node in lab.nodes]

        set_legs(lab[2], leg0, leg2)
        wait_until(lambda: all(has_leg(node, leg2) for node in lab.nodes), "the new leg on all nodes", CLUSTER_S)
        mirror.wait_in_sync()
        wait_until(lambda: remembered(lab[1]) == f"{lab[1].device('log')},{leg0},{leg2}", "it to be remembered")

        for node in lab.nodes[:2]:
            node.run(f"ln -s {leg1} {ELSEWHERE}")
        set_legs(lab[2], leg0, ELSEWHERE)
        wait_until(lambda: any(is_waiter_killed(node) for node in lab.nodes), "a node that tries it", CLUSTER_S)
        wait_until(lambda: not any(is_suspended(node) for node in lab.nodes), "all to go on", CLUSTER_S)
        set_legs(lab[2], leg0, leg2)
        assert all(has_leg(node, leg2) for node in lab.nodes)
        assert remembered(lab[1]) == f"{lab[1].device('log')},{leg0},{leg2}"
        wait_attached(lab, [1, 2, 3])

        for writer in writers:
            assert writer.stop().error == 0, "an I/O error"
        assert not fencing.asked, fencing.asked
        mirror.wait_in_sync()
        assert_replicas_agree(lab)
        for node in lab.nodes:
            stripes[node.ident % 3 + 1].verify(node)
        for manager in managers:
            manager.kill(SIGTERM)
        for manager in managers:
            manager.wait(CLUSTER_S)
    lab.assert_same("leg0", "leg2")


@scenario(**NEEDS, tags=TAGS)
def agent_does_not_wait_in_the_kernel_for_a_daemon(lab: Lab) -> None:
    """A dead daemon is not the mirror's failure; a stop says what it lacks, and ends well with the next daemon."""
    fill_legs(lab)
    lab.each(lambda node: node.install_agents())
    lab.each(lambda node: node.start_clogd())
    node = lab[1]
    parameters = {"name": NAME, "legs": f"{node.device('leg0')} {node.device('leg1')}", "log": node.device("log")}
    assert node.run_agent("mirror", "start", parameters).status == pacemaker.SUCCESS
    node.kill_clogd(SIGKILL)
    assert node.run_agent("mirror", "monitor", parameters).status == pacemaker.SUCCESS
    result = node.run_agent("mirror", "stop", parameters, timeout_s=10)
    assert result.status == pacemaker.ERROR and "clogd does not run" in result.out + result.err, result
    assert not node.run("pgrep -x dmsetup", check=False).out, "a process waits in the kernel"
    node.start_clogd()
    assert node.run_agent("mirror", "monitor", parameters).status == pacemaker.SUCCESS
    assert node.run_agent("mirror", "stop", parameters).status == pacemaker.SUCCESS
    assert NAME not in node.dm_names()


TESTER = "PATH=$PATH:/usr/sbin timeout 300 ocf-tester -n {name} {parameters} /usr/lib/ocf/resource.d/clogd/{agent}"


@scenario(**NEEDS, timeout=300, tags=TAGS)
def agents_pass_the_tester(lab: Lab) -> None:
    """ocf-tester finds nothing wrong with either agent."""
    node = lab[1]
    node.install_agents()
    parameters = {"name": NAME, "legs": f"'{node.device('leg0')} {node.device('leg1')}'", "log": node.device("log")}

    def passes(agent: str, parameters: dict[str, str]) -> None:
        words = " ".join(f"-o {name}={value}" for name, value in parameters.items())
        result = node.run(TESTER.format(name=agent, parameters=words, agent=agent), 300, check=False)
        assert result.status == 0 and "passed all tests" in result.out, f"{result.out}{result.err}"
        wrong = [line for line in result.out.splitlines() if line.startswith("* rc=")]
        assert not wrong, wrong

    passes("clogd", {"binary": "/usr/sbin/clogd"})
    lab.each(lambda each: each.start_clogd())
    passes("mirror", parameters)
