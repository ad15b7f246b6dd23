# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon dies under load: its kernel finds the next one."""
import time

from lablib.cluster import Lab
from lablib.scenario import scenario


@scenario(timeout=300)
def daemon_restarts_under_load(lab: Lab) -> None:
    """Each daemon in turn, then all three at once: no I/O error, no lost write, legs identical."""
    for node in lab.nodes:
        node.start_clogd()
    for node in lab.nodes:
        path = node.mirror_create("m", "restart", log="clustered-disk")
    lab[1].wait_in_sync("m")
    jobs = [node.start_fio(path, rw="randwrite", offset=f"{20 * i}M", size="20M", runtime=45, time_based=1,
                           verify="crc32c", verify_backlog=64) for i, node in enumerate(lab.nodes)]
    time.sleep(3)
    for node in lab.nodes:
        node.kill_clogd()
        node.start_clogd()
        time.sleep(4)
    for node in lab.nodes:
        node.kill_clogd()
    for node in lab.nodes:
        node.start_clogd()
    for job in jobs:
        assert job.wait(120).error == 0
    for node in lab.nodes:
        node.wait_in_sync("m")
    lab.assert_same("leg0", "leg1")
