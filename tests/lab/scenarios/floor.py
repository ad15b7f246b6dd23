# SPDX-License-Identifier: GPL-2.0-or-later
"""The floor (tests/bench/floor.c): what a mirror with any userspace log can reach at best."""
import os
import subprocess

from lablib.channel import Handle
from lablib.cluster import Lab
from lablib.node import Node
from lablib.scenario import scenario

SOURCE = os.path.join(os.path.dirname(__file__), "..", "..", "bench", "floor.c")
WORKLOADS = ({"rw": "write"}, {"rw": "randwrite"}, {"rw": "randread"})
RUNTIME_S = 5


def start_floor(node: Node) -> Handle:
    binary = node.lab.rundir.file("floor")
    if not os.path.exists(binary):
        subprocess.run(["cc", "-O2", "-o", binary, SOURCE], check=True)
    handle = node.start(f"exec {binary} >/run/lab/floor.log")
    node.run("until grep -q ready /run/lab/floor.log; do sleep 0.05; done", 10)
    return handle


def stop_floor(node: Node, handle: Handle) -> int:
    """Returns the number of requests it has answered."""
    handle.kill(15)
    handle.wait(10)
    return int(node.run("tail -n 1 /run/lab/floor.log").out.split()[0])


@scenario(nodes=1, corosync=False, tags=("selftest",))
def userspace_mirror_works_with_any_responder(lab: Lab) -> None:
    """Every table form of a clustered log, and a responder that comes back after it was away."""
    node = lab[1]
    floor = start_floor(node)
    for number, options in enumerate(({"log": "clustered-core"}, {"log": "clustered-disk"},
                                      {"log": "clustered-core", "words": ["nosync"]},
                                      {"log": "clustered-disk", "integrated_flush": True})):
        path = node.mirror_create("m", f"floor-{number}", **options)
        status = node.wait_in_sync("m")
        assert (status.regions, status.health, status.log_type) == (128, "AA", options["log"]), status
        assert ("integrated_flush" in node.run("dmsetup table m").out) == ("integrated_flush" in options)
        node.fio(path, rw="randwrite", size="1M", bs="64k")
        lab.assert_same("leg0", "leg1")
        node.dm_remove("m")

    path = node.mirror_create("m", "floor-restart", log="clustered-core")
    assert stop_floor(node, floor) > 50
    writer = node.start_fio(path, size="64k")
    assert not writer.poll()
    floor = start_floor(node)
    writer.wait(60)
    node.dm_remove("m")
    stop_floor(node, floor)


@scenario(nodes=1, corosync=False, default=False, timeout=300, tags=("bench",))
def bench_floor(lab: Lab) -> None:
    """4 KiB O_DIRECT IOPS at queue depth 1: no mirror, the kernel's logs, the floor."""
    node = lab[1]

    def measure(what: str, path: str) -> None:
        figures = []
        for workload in WORKLOADS:
            result = node.fio(path, runtime=RUNTIME_S, **workload)
            figures.append(f"{workload['rw']} {result.read_iops + result.write_iops:.0f}")
        lab.note(f"{what}: {', '.join(figures)}")

    measure("linear", node.dm_linear("bare", "leg0"))
    node.dm_remove("bare")
    for log in ("core", "disk"):
        path = node.mirror_create("m", log=log, words=["nosync"])
        node.wait_in_sync("m")
        measure(f"kernel {log}", path)
        node.dm_remove("m")
    for integrated_flush in (False, True):
        floor = start_floor(node)
        path = node.mirror_create("m", "floor", log="clustered-core", integrated_flush=integrated_flush)
        node.wait_in_sync("m")
        measure(f"floor{' with integrated_flush' if integrated_flush else ''}", path)
        node.dm_remove("m")
        lab.note(f"requests answered: {stop_floor(node, floor)}")
