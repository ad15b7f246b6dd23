# SPDX-License-Identifier: GPL-2.0-or-later
"""Pacemaker on a node, with clogd's agents installed where it looks for them, and fencing that works."""
import os
import pathlib
import shlex
import threading
import xml.sax.saxutils

from .channel import Handle, Result
from .patience import limit

MEMORY = "512M"
MODULES = ("overlay",)
TOP = pathlib.Path(__file__).resolve().parents[3]
NODE_FILES = pathlib.Path(__file__).resolve().parents[1] / "node"
DC_DEADTIME_S = 5
MONITOR_S = 30
ACTION_S = 60
# OCF's numbers.
SUCCESS = 0
ERROR = 1
DEGRADED = 190
FENCE_POLL_S = 0.1
# /usr is the host's, and read-only: a layer of the node's own above it takes what is installed.
INSTALL = """set -e
mountpoint -q /usr || {{
	mkdir -p /run/usr/upper /run/usr/work
	mount -t overlay -o lowerdir=/usr,upperdir=/run/usr/upper,workdir=/run/usr/work overlay /usr
}}
install -m 755 {clogd} {clogctl} {fence_agent} /usr/sbin
install -D -m 755 -t /usr/lib/ocf/resource.d/clogd {agents}/clogd {agents}/mirror
install -D -m 644 -t /usr/lib/ocf/lib/clogd {agents}/functions"""
PREPARE = """set -e
mount -t tmpfs tmpfs /var/lib/pacemaker
mkdir -p /var/lib/pacemaker/cib /var/lib/pacemaker/pengine /var/lib/pacemaker/blackbox /var/lib/pacemaker/cores
cat >/var/lib/pacemaker/cib/cib.xml <<'END'
{cib}
END
chown -R hacluster:haclient /var/lib/pacemaker
chmod -R o= /var/lib/pacemaker"""


def attributes(ident: str, kind: str, values: dict[str, str]) -> str:
    """A set of name-value pairs of the CIB."""
    if not values:
        return ""
    pairs = "".join(f'<nvpair id="{ident}-{name}" name="{name}" value={xml.sax.saxutils.quoteattr(str(value))}/>'
                    for name, value in values.items())
    return f'<{kind} id="{ident}">{pairs}</{kind}>'


def clone(ident: str, agent: str, parameters: dict[str, str], monitor_s: int) -> str:
    """An instance on each node, which hears of those that stop."""
    return (f'<clone id="{ident}-clone">'
            f'{attributes(f"{ident}-clone-meta", "meta_attributes", {"notify": "true", "interleave": "true"})}'
            f'<primitive id="{ident}" class="ocf" provider="clogd" type="{agent}">'
            f'{attributes(f"{ident}-parameters", "instance_attributes", parameters)}<operations>'
            f'<op id="{ident}-monitor" name="monitor" interval="{monitor_s}s" timeout="{limit(MONITOR_S):.0f}s"/>'
            f'<op id="{ident}-start" name="start" interval="0" timeout="{limit(ACTION_S):.0f}s"/>'
            f'<op id="{ident}-stop" name="stop" interval="0" timeout="{limit(ACTION_S):.0f}s"/>'
            f'<op id="{ident}-reload" name="reload-agent" interval="0" timeout="{limit(ACTION_S):.0f}s"/>'
            f'</operations></primitive></clone>')


def fence_device(requests: str, node_names: list[str]) -> str:
    parameters = {"requests": requests, "pcmk_host_check": "static-list", "pcmk_host_list": " ".join(node_names)}
    return ('<primitive id="fence" class="stonith" type="fence_lab">'
            f'{attributes("fence-parameters", "instance_attributes", parameters)}</primitive>')


def cib(node_names: list[str], resources: str, constraints: str = "") -> str:
    properties = {"stonith-enabled": "true", "stonith-action": "off", "no-quorum-policy": "freeze",
                  "dc-deadtime": f"{DC_DEADTIME_S}s"}
    nodes = "".join(f'<node id="{ident}" uname="{name}"/>' for ident, name in enumerate(node_names, 1))
    return ('<cib admin_epoch="0" epoch="1" num_updates="0" validate-with="pacemaker-3.7"><configuration><crm_config>'
            f'{attributes("cib-bootstrap-options", "cluster_property_set", properties)}</crm_config>'
            f'<nodes>{nodes}</nodes><resources>{resources}</resources><constraints>{constraints}</constraints>'
            '</configuration><status/></cib>')


class Pacemaker:
    """The part of a node that knows Pacemaker."""

    def install_agents(self) -> None:
        """Until the node is switched off: clogd, clogctl and the agents are where a package puts them."""
        self.run(INSTALL.format(clogd=self.lab.binary("clogd"), clogctl=self.lab.binary("clogctl"),
                                agents=TOP / "agents", fence_agent=NODE_FILES / "fence_lab"))

    def run_agent(self, agent: str, action: str, parameters: dict[str, str], timeout_s: int = ACTION_S) -> Result:
        """As Pacemaker would, without it. See OCF's numbers for the status."""
        words = " ".join(f"OCF_RESKEY_{name}={shlex.quote(str(value))}" for name, value in parameters.items())
        manager = (f"OCF_ROOT=/usr/lib/ocf OCF_RESOURCE_INSTANCE={agent} OCF_RESKEY_CRM_meta_interval=10000 "
                   f"OCF_RESKEY_CRM_meta_timeout={limit(timeout_s) * 1000:.0f}")
        return self.run(f"{manager} {words} /usr/lib/ocf/resource.d/clogd/{agent} {action}", timeout_s, check=False)

    def start_pacemaker(self, configuration: str) -> Handle:
        """`configuration` comes from cib(). Corosync runs already."""
        self.run(PREPARE.format(cib=configuration))
        log = self.lab.rundir.file(f"{self.name}.pacemaker.log")
        return self.start(f"exec env PCMK_logfile={log} pacemakerd >/dev/null 2>&1")


class Fencing:
    """The host's end of node/fence_lab: pulls the plug of the nodes that Pacemaker wants fenced.

    While it is held, a node that is to be fenced may be running still, for all that Pacemaker knows.
    """

    def __init__(self, lab) -> None:
        self.lab = lab
        self.directory = lab.rundir.file("fencing")
        self.asked: list[str] = []
        self.held = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "Fencing":
        os.makedirs(self.directory, exist_ok=True)
        self._thread.start()
        return self

    def __exit__(self, *_exception) -> None:
        self._over.set()
        self._thread.join()

    def _serve(self) -> None:
        nodes = {node.name: node for node in self.lab.nodes}
        while not self._over.wait(FENCE_POLL_S):
            for name in os.listdir(self.directory):
                if name not in self.asked:
                    self.asked.append(name)
                if not self.held.is_set():
                    nodes[name].power_off()
                    os.unlink(os.path.join(self.directory, name))
