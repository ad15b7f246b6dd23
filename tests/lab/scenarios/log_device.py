# SPDX-License-Identifier: GPL-2.0-or-later
"""The log device fails under writes, comes back, or is slow."""
from statistics import median

from lablib.cluster import Lab
from lablib.clustered import ClusterMirror, assert_replicas_agree, blocks_of, fill_legs, start_daemons, wait_until
from lablib.effort import Rounds
from lablib.fio import FioResult
from lablib.load import DEPTH, VerifiedLoad, await_more_writes, start_loads, stop_loads
from lablib.node import Node
from lablib.scenario import scenario

TAGS = ("log-device",)
LOG_DEVICE = "/dev/mapper/logdev"
ATTENTION = 1
SECTORS_PER_MB = 2048
PART_MB = 24                # of each of two mirrors on the lab's legs
SLOW_MS = 2000
MEASURE_S = 8
RATIO_WANTED = 2


def create(lab: Lab, **options) -> ClusterMirror:
    """A mirror in sync whose log device can be made to fail on each node."""
    fill_legs(lab)
    start_daemons(lab)
    lab.each(lambda node: node.dm_linear("logdev", "log"))
    mirror = ClusterMirror(lab, logdev=LOG_DEVICE, **options).create()
    mirror.wait_in_sync()
    return mirror


def assert_dead(mirror: ClusterMirror, node: Node) -> None:
    """The kernel, programs and people see it."""
    wait_until(lambda: node.mirror_status(mirror.name).log_words[-1] == "D", f"{node} sees the log device dead")
    status = mirror.status(node)
    assert (status["state"], status["log_device"]["health"]) == ("failed", "D"), status
    result = node.clogctl_run("status")
    assert result.status == ATTENTION and "failed" in result.out and "DEAD" in result.out, result


def assert_well(lab: Lab, mirror: ClusterMirror) -> None:
    for node in lab.nodes:
        wait_until(lambda: node.mirror_status(mirror.name).log_words[-1] == "A", f"{node} sees the log device well")
        wait_until(lambda: node.clogctl_run("status").status == 0, f"{node} sees no trouble")
        assert mirror.status(node)["state"] == "active"


def assert_device_says_clean(lab: Lab, mirror: ClusterMirror) -> None:
    """What was marked is marked no more: the device has heard of it."""
    lab.each(lambda node: node.dm_suspend(mirror.name))
    log = lab.read_log()
    assert log.clean == frozenset(range(log.region_count)), f"{len(log.clean)} of {log.region_count} clean"
    lab.each(lambda node: node.dm_resume(mirror.name))


@scenario(tags=TAGS, rounds=Rounds(default=1, full=5, timeout_s=90))
def dead_log_device_holds_writes(lab: Lab, rounds: int) -> None:
    """With handle_errors no write ends while the log device is dead; after a reload with it back all go on."""
    fail_and_reload(lab, rounds)


@scenario(tags=TAGS, rounds=Rounds(full=5, timeout_s=90))
def dead_log_device_blocks_writes(lab: Lab, rounds: int) -> None:
    """The same with block_on_error, and a kernel that handles no errors."""
    fail_and_reload(lab, rounds, words=["block_on_error"], features="")


def bring_back(lab: Lab, mirror: ClusterMirror, loads: list[VerifiedLoad], flush: bool) -> None:
    """The device works again and the table is reloaded: the writes go on, and end well."""
    lab.each(lambda node: node.dm_undelay("logdev", "log"))
    mirror.reload(flush=flush)
    assert_well(lab, mirror)
    stop_loads(loads)
    mirror.wait_in_sync()
    assert_replicas_agree(lab)
    assert_device_says_clean(lab, mirror)


def fail_and_reload(lab: Lab, rounds: int, **options) -> None:
    mirror = create(lab, **options)
    for _ in range(rounds):
        loads = start_loads(lab.nodes, mirror.path)
        await_more_writes(loads, 1)
        lab.each(lambda node: node.dm_fail("logdev"))
        for node in lab.nodes:
            assert_dead(mirror, node)
        errors = sum(mirror.status(node)["counters"]["log_device_errors"] for node in lab.nodes)
        assert errors > 0, "the log device was never tried"
        assert not any(load.command.poll() for load in loads), "a write ended while the log could not be written"
        bring_back(lab, mirror, loads, flush=False)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS)
def daemons_are_replaced_beside_a_dead_log_device(lab: Lab) -> None:
    """Its kernel reconnects without it, for the others have the state: it reads on, and its table can be replaced."""
    mirror = create(lab)
    loads = start_loads(lab.nodes, mirror.path)
    await_more_writes(loads, 1)
    lab.each(lambda node: node.dm_fail("logdev"))
    for node in lab.nodes:
        assert_dead(mirror, node)
        node.kill_clogd()
        node.start_clogd()
        node.run(f"dd if={mirror.path} of=/dev/null bs=1M count=1 iflag=direct status=none")
        assert_dead(mirror, node)
    assert not any(load.command.poll() for load in loads), "a write ended while the log could not be written"
    bring_back(lab, mirror, loads, flush=False)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS, rounds=Rounds(full=5, timeout_s=90))
def dead_log_device_without_handle_errors(lab: Lab, rounds: int) -> None:
    """Without handle_errors the kernel hears of it, and writes on without a log, as with its own disk log."""
    mirror = create(lab, features="")
    for _ in range(rounds):
        loads = start_loads(lab.nodes, mirror.path)
        lab.each(lambda node: node.dm_fail("logdev"))
        for node in lab.nodes:
            assert_dead(mirror, node)
        await_more_writes(loads, 4 * DEPTH)
        bring_back(lab, mirror, loads, flush=True)
    mirror.remove()
    lab.assert_same("leg0", "leg1")


def slowest_ms(result: FioResult) -> float:
    return result.job["write"]["clat_ns"]["max"] / 1e6


def p99_ms(result: FioResult) -> float:
    return result.job["write"]["clat_ns"]["percentile"]["99.000000"] / 1e6


def create_two(lab: Lab) -> tuple[ClusterMirror, ClusterMirror]:
    """Mirrors side by side on the legs, whose log devices are parts of one disk; that of the first can be made late."""
    mirrors = []
    for number, name in enumerate(("slow", "other")):
        lab.each(lambda node: node.dm_create(f"{name}-part", f"0 1024 linear {node.device('log')} {1024 * number}"))
        lab.each(lambda node: node.dm_linear(f"{name}-log", f"/dev/mapper/{name}-part"))
        legs = [f"{lab[1].device(leg)} {SECTORS_PER_MB * PART_MB * number}" for leg in ("leg0", "leg1")]
        mirror = ClusterMirror(lab, name, legs=legs, length_sectors=SECTORS_PER_MB * PART_MB, region_size=64,
                               logdev=f"/dev/mapper/{name}-log")
        # The first node writes the log: the same for both.
        mirror.create_on(lab[1])
        lab.each(mirror.create_on, lab.nodes[1:])
        mirrors.append(mirror)
    for mirror in mirrors:
        mirror.wait_in_sync()
    return mirrors[0], mirrors[1]


@scenario(tags=TAGS, timeout=120, rounds=Rounds(default=1, full=5, timeout_s=120))
def slow_log_device_delays_no_other(lab: Lab, rounds: int) -> None:
    """Writes of one mirror wait 2 s for its log device; another mirror's, written by the same daemons, do not."""
    fill_legs(lab)
    # Without a window every write waits for its log device.
    start_daemons(lab, "--window 0")
    slow, other = create_two(lab)
    writer = lab[other.status(lab[1])["writer"]]
    assert slow.status(writer)["writer"] == writer.ident, "one daemon writes both logs"
    without, beside = [], []
    for _ in range(rounds):
        without.append(writer.fio(other.path, rw="randwrite", runtime=MEASURE_S))
        lab.each(lambda node: node.dm_slow_down("slow-log", "/dev/mapper/slow-part", SLOW_MS))
        jobs = [node.start_fio(slow.path, **blocks_of(node, PART_MB), runtime=MEASURE_S) for node in lab.nodes]
        beside.append(writer.fio(other.path, rw="randwrite", runtime=MEASURE_S))
        waited = [job.wait() for job in jobs]
        lab.each(lambda node: node.dm_undelay("slow-log", "/dev/mapper/slow-part"))
        assert max(slowest_ms(result) for result in waited) >= SLOW_MS, "the slow log device delayed nobody"
    before, after = (median(p99_ms(result) for result in results) for results in (without, beside))
    lab.note(f"p99 of the other mirror's writes: {before:.1f} ms, and {after:.1f} ms beside a log device that takes "
             f"{SLOW_MS} ms a write, {after / before:.2f} times (wanted: {RATIO_WANTED}); "
             f"the slowest of {sum(result.job['write']['total_ios'] for result in beside)}: "
             f"{max(slowest_ms(result) for result in beside):.0f} ms")
    late = [slowest_ms(result) for result in beside if slowest_ms(result) >= SLOW_MS / 2]
    assert not late, f"writes waited for another log's device: {late} ms"
    for mirror in (slow, other):
        mirror.wait_in_sync()
    assert_replicas_agree(lab)
    for mirror in (slow, other):
        mirror.remove()
    lab.assert_same("leg0", "leg1", 2 * PART_MB << 20)
