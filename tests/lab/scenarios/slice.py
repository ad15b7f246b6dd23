# SPDX-License-Identifier: GPL-2.0-or-later
"""Bring-up."""
import time
from lablib.cluster import Lab
from lablib.scenario import scenario


@scenario(timeout=200)
def three_nodes_slice(lab: Lab) -> None:
    for node in lab.nodes:
        node.start_clogd("--log-level debug")
    for log in ("clustered-core", "clustered-disk"):
        t = time.monotonic()
        for node in lab.nodes:
            path = node.mirror_create("m", f"slice-{log}", log=log)
        lab.note(f"create {time.monotonic() - t:.1f}")
        for node in lab.nodes:
            node.wait_in_sync("m")
        lab.note(f"sync {time.monotonic() - t:.1f}")
        lab.note(str(lab[1].clogctl("status")))
        result = lab[2].fio(path, rw="write", runtime=4)
        lab.note(f"{log} seq from node 2: {result.write_iops}")
        result = lab[1].fio(path, rw="write", runtime=4)
        lab.note(f"{log} seq from node 1: {result.write_iops}")
        result = lab[2].fio(path, rw="randwrite", runtime=4)
        lab.note(f"{log} rand from node 2: {result.write_iops}")
        lab.note(str(lab[2].clogctl("status", "--json")["logs"]))
        for node in lab.nodes:
            node.dm_remove("m")
        lab.assert_same("leg0", "leg1")
