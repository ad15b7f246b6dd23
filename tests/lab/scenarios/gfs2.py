# SPDX-License-Identifier: GPL-2.0-or-later
"""A real application above the cluster mirror: a file system that three nodes use at once."""
import functools

from lablib import gfs2
from lablib.cluster import Lab
from lablib.clustered import ClusterMirror, Gate, assert_replicas_agree, fill_legs, start_daemons, wait_until
from lablib.node import Node
from lablib.scenario import scenario

SHARED = "shared"
FILES = 6           # of each node, before and after the death
COMPARES = 3


def wait_written(counts: dict[Node, int]) -> None:
    wait_until(lambda: all(len(node.written_files()) >= count for node, count in counts.items()), f"files {counts}", 60)


def wait_differing(lab: Lab) -> int:
    """Until blocks of the legs differ, and not only for the moment that a write takes; how many."""
    def lasting() -> set[int]:
        return functools.reduce(set.intersection, (set(lab.compare("leg0", "leg1")) for _ in range(COMPARES)))

    wait_until(lasting, "a write that one leg has and the other has not")
    return len(lasting())


def assert_all_there(lab: Lab) -> None:
    """Each survivor reads all that any node has written."""
    written = {name for node in lab.nodes for name in node.written_files()}
    for node in lab.nodes:
        if node.is_up:
            lost = written - node.list_files(SHARED)
            assert not lost, f"{node} does not see {lost}"
            wrong = node.verify_files(SHARED)
            assert not wrong, f"{node}: {wrong}"


@scenario(disks={"leg0": "128M", "leg1": "128M", "log": "4M"}, memory=gfs2.MEMORY, modules=gfs2.MODULES,
          timeout=180, tags=("gfs2",))
def gfs2_survives_a_node(lab: Lab) -> None:
    """Three nodes write files on GFS2, one is powered off: file system clean, files as written, legs identical."""
    one, two, victim = lab.nodes
    fill_legs(lab)
    start_daemons(lab)
    mirror = ClusterMirror(lab)
    gate = Gate(victim, "leg1")
    lab.each(mirror.create_on, [one, two])
    victim.mirror_create(mirror.name, mirror.uuid, legs=["leg0", gate.path])
    lab.each(lambda node: node.start_dlm())
    one.gfs2_format(mirror.path, "files", lab.node_count)
    for node in lab.nodes:
        node.gfs2_mount(mirror.path)
    one.run(f"mkdir {gfs2.MOUNT_POINT}/{SHARED}")
    mirror.wait_in_sync()

    # Nobody else looks into the directory meanwhile: where a journal is recovered, this GFS2 panics at a reader
    # beside a writer.
    writers = {node: node.start_writing_files(SHARED) for node in lab.nodes}
    wait_written({node: FILES for node in lab.nodes})
    # What the victim writes now reaches one leg only.
    gate.close()
    differing = wait_differing(lab)
    victim.power_off()
    survivors = [one, two]
    mirror.nodes = survivors
    wait_written({node: FILES + len(node.written_files()) for node in survivors})
    for node in survivors:
        node.stop_writing_files()
        writers[node].wait()
    assert_all_there(lab)
    lab.note(f"{', '.join(str(len(node.written_files())) for node in lab.nodes)} files written by the nodes; "
             f"{differing} blocks of the legs differed at the death")

    # Who recovered the journal goes first. It keeps a copy of the counters that `df` shows and would write it over what
    # another node has added meanwhile: a fault of this GFS2, on a plain disk too.
    for node in sorted(survivors, key=lambda node: not node.gfs2_has_replayed()):
        node.gfs2_unmount()
        node.stop_dlm()
    one.run(f"fsck.gfs2 -n {mirror.path}")
    mirror.wait_in_sync()
    assert_replicas_agree(lab, survivors)
    lab.assert_same("leg0", "leg1")
