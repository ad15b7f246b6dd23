# SPDX-License-Identifier: GPL-2.0-or-later
"""Corosync on a node: its configuration, life and view of the cluster."""
import os
import re
from typing import NamedTuple

from .channel import SIGKILL
from .errors import LabError
from .network import address

LOG_LINE = "/dev/ttyS1"
PING_MS = 200       # links come up after two answered pings; the default interval is a quarter of the token's
STACK_KB = 512      # corosync locks the whole stack of each thread in memory; a page costs a node a lot of time
# A killed Corosync leaves its recorder and its connections there, megabytes of a small node's memory.
FREE_SHARED_MEMORY = """for each in /dev/shm/qb-*; do
	pid=${each#/dev/shm/qb-}
	pid=${pid#corosync-}
	kill -0 "${pid%%-*}" 2>/dev/null || rm -rf "$each"
done"""
MEMBERS = re.compile(r"\[QUORUM\] Members\[\d+\]:((?: \d+)*)")
PRIMARY = re.compile(r"\[QUORUM\] This node is within the (non-)?primary component")


class Quorum(NamedTuple):
    quorate: bool
    members: list[int]


def corosync_conf(node_count: int, token_ms: int) -> str:
    """Two nodes are a cluster as the manual page of votequorum has it for two: either is quorate alone."""
    two_node = "\ttwo_node: 1\n" if node_count == 2 else ""
    nodes = "".join(f"\tnode {{\n\t\tring0_addr: {address(ident)}\n\t\tname: node{ident}\n\t\tnodeid: {ident}\n\t}}\n"
                    for ident in range(1, node_count + 1))
    return (f"totem {{\n\tversion: 2\n\tcluster_name: lab\n\ttransport: knet\n\tcrypto_cipher: none\n"
            f"\tcrypto_hash: none\n\ttoken: {token_ms}\n"
            f"\tinterface {{\n\t\tlinknumber: 0\n\t\tknet_ping_interval: {PING_MS}\n"
            f"\t\tknet_ping_timeout: {token_ms // 2}\n\t}}\n}}\n"
            f"nodelist {{\n{nodes}}}\n"
            f"quorum {{\n\tprovider: corosync_votequorum\n\texpected_votes: {node_count}\n{two_node}}}\n"
            f"logging {{\n\tto_stderr: yes\n\tto_syslog: no\n\tto_logfile: no\n\ttimestamp: hires\n}}\n")


def parse_log(text: str) -> Quorum:
    """The latest membership and quorum in a log of one life of corosync."""
    primary = PRIMARY.findall(text)
    members = MEMBERS.findall(text)
    return Quorum(bool(primary) and primary[-1] == "",
                  sorted(map(int, members[-1].split())) if members else [])


class Corosync:
    """The part of a node that knows corosync."""

    corosync = None             # Handle while it runs
    corosync_log_start = 0      # bytes of the log that are of former lives

    def start_corosync(self) -> None:
        """Returns before it is quorate: see Lab.wait_quorate."""
        if self.corosync_is_up():
            raise LabError(f"{self.name}: corosync runs already")
        conf = corosync_conf(self.lab.node_count, self.lab.token_ms)
        self.corosync_log_start = os.path.getsize(self.logs["corosync"])
        self.corosync = self.start(f"cat >/etc/corosync/corosync.conf <<'END'\n{conf}END\n{FREE_SHARED_MEMORY}\n"
                                   f"ulimit -s {STACK_KB}; exec corosync -f >{LOG_LINE} 2>&1")

    def corosync_is_up(self) -> bool:
        return self.is_up and self.corosync is not None and not self.corosync.done.is_set()

    def stop_corosync(self, timeout: float = 30) -> None:
        """An orderly leave."""
        self.kill_corosync(15, timeout)

    def kill_corosync(self, signal: int = SIGKILL, timeout: float = 30) -> None:
        self.corosync.kill(signal)
        self.corosync.wait(timeout, check=False)

    def quorum(self) -> Quorum:
        """What corosync told its clients last. Read from its log: asking costs a node a third of a second."""
        if not self.corosync_is_up():
            return Quorum(False, [])
        with open(self.logs["corosync"], encoding="utf-8", errors="replace") as log:
            log.seek(self.corosync_log_start)
            return parse_log(log.read())
