# SPDX-License-Identifier: GPL-2.0-or-later
"""A node dies while it writes: the survivors copy what it had marked."""
import time

from lablib.cluster import Lab
from lablib.scenario import scenario

LEG_DELAY_MS = 300
REPAIR_S = 30


@scenario(timeout=300)
def node_dies_while_writing(lab: Lab) -> None:
    """Power-off under 8 random writers, one leg late: the legs differ, then are repaired with no operator."""
    for node in lab.nodes:
        node.start_clogd()
    legs = {node.ident: ("leg0", "leg1") for node in lab.nodes}
    legs[3] = ("leg0", lab[3].dm_delay("late", "leg1", write_ms=LEG_DELAY_MS))
    for node in lab.nodes:
        path = node.mirror_create("m", "death", log="clustered-disk", legs=legs[node.ident])
    for node in lab.nodes:
        node.wait_in_sync("m")
    lab[3].start_fio(path, rw="randwrite", runtime=60, time_based=1, numjobs=8)
    time.sleep(4)
    lab[3].power_off()
    differing = lab.compare("leg0", "leg1")
    assert differing, "nothing differed at the cut: this proves nothing"
    lab.wait_quorate([1, 2])
    deadline = time.monotonic() + REPAIR_S
    while lab.compare("leg0", "leg1"):
        if time.monotonic() > deadline:
            raise AssertionError(f"legs still differ {REPAIR_S} s after the membership change")
        time.sleep(0.5)
    lab.note(f"{len(differing)} blocks differed, repaired {REPAIR_S - deadline + time.monotonic():.1f} s after the change")
    for node in lab.nodes[:2]:
        assert node.wait_in_sync("m").is_in_sync
