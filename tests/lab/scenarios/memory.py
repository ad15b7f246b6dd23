# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory under pressure: clogd is in the path of the very writes that would free memory."""
from lablib.channel import Handle
from lablib.cluster import Lab
from lablib.clustered import ClusterMirror, Gate, assert_replicas_agree, start_daemons, wait_until
from lablib.load import VerifiedLoad, await_more_writes, stop_loads
from lablib.node import Node
from lablib.scenario import scenario

PF_MEMALLOC_NOIO = 0x00080000
PF_LOCAL_THROTTLE = 0x00100000
FLAGS_WORD = 8              # of /proc/PID/task/TID/stat
FILL_MB = 256
LOAD_MB = 8                 # behind it, of each node that writes meanwhile
LEFT_MB = 48                # not to be filled with dirty pages: for the process that wants it
OTHERS_WRITES = 100
PATTERN = 0x1000000
# Through the page cache, more than fits; what is written can be told from everything else, block by block.
FILL = """python3 -I - <<'END'
import os
block = bytearray(1 << 16)
with open("{path}", "r+b", buffering=0) as mirror:
    for number in range({mb} * 16):
        block[:8] = (0x{pattern:08x} + number).to_bytes(8, "little")
        mirror.write(block)
    os.fsync(mirror.fileno())
END"""
READ = """python3 -I - <<'END'
import mmap, os
block = mmap.mmap(-1, 1 << 16)
mirror = os.open("{path}", os.O_RDONLY | os.O_DIRECT)
for number in range({mb} * 16):
    assert os.readv(mirror, [block]) == len(block)
    assert block[:8] == (0x{pattern:08x} + number).to_bytes(8, "little"), number
END"""
# A process that wants all there is: the kernel has to end it, having nothing else to give. Not twice: between two of them
# the kernel would find nobody to end, for all that is left here is protected, and would panic.
HOG = """python3 -I - <<'END'
with open("/proc/self/oom_score_adj", "w") as score:
	score.write("1000")
pages = []
while True:
	pages.append(b"x" * (1 << 20))
END"""


def pid_of(node: Node) -> str:
    return node.run("cat /run/cmirrord.pid").out.strip()


def assert_protected(node: Node) -> None:
    """All of its memory is locked, the kernel never makes it wait for I/O of its own, and it is not to be killed."""
    pid = pid_of(node)
    status = dict(line.split(":", 1) for line in node.run(f"cat /proc/{pid}/status").out.splitlines())
    kb = {name: int(status[name].split()[0]) for name in ("VmLck", "VmRSS", "VmSwap") if name in status}
    assert kb["VmLck"] > 0 and kb["VmLck"] >= kb["VmRSS"] - kb_of_files(node, pid), kb
    assert node.run(f"cat /proc/{pid}/oom_score_adj").out.strip() == "-1000"
    threads = node.run(f"cat /proc/{pid}/task/*/stat").out.splitlines()
    for thread in threads:
        flags = int(thread.rsplit(")", 1)[1].split()[FLAGS_WORD - 2])
        assert flags & PF_MEMALLOC_NOIO and flags & PF_LOCAL_THROTTLE, f"{thread} is no I/O flusher"
    node.lab.note(f"{node}: {kb['VmLck']} kB locked, {kb['VmRSS']} kB resident, {len(threads)} threads")


def kb_of_files(node: Node, pid: str) -> int:
    """Resident pages of mappings that cannot be locked, such as the kernel's own."""
    text = node.run(f"cat /proc/{pid}/smaps").out
    rss = locked = 0
    for line in text.splitlines():
        if line.startswith("Rss:"):
            rss = int(line.split()[1])
        if line.startswith("VmFlags:") and " lo" not in line:
            locked += rss
    return locked


def meminfo_kb(node: Node, *names: str) -> int:
    lines = [line.split() for line in node.run("cat /proc/meminfo").out.splitlines()]
    return sum(int(words[1]) for words in lines if words[0].rstrip(":") in names)


def count_oom_kills(node: Node) -> int:
    """As the console tells: a command of that node could need a minute to begin, or be killed itself."""
    with open(node.kernel.console, encoding="utf-8", errors="replace") as console:
        return console.read().count("Out of memory: Killed process")


def fill_memory(node: Node, path: str) -> tuple[Handle, int]:
    """Writes until all memory but LEFT_MB is dirty pages, which somebody else keeps from being written; how many kB."""
    limit_kb = meminfo_kb(node, "MemAvailable") - LEFT_MB * 1024
    # Nothing is written back before that, and nothing more is taken after it.
    node.run(f"echo {limit_kb * 1024} >/proc/sys/vm/dirty_bytes; "
             f"echo {limit_kb * 1024 * 9 // 10} >/proc/sys/vm/dirty_background_bytes")
    writer = node.start(FILL.format(path=path, mb=FILL_MB, pattern=PATTERN))
    wait_until(lambda: meminfo_kb(node, "Dirty", "Writeback") >= limit_kb * 9 // 10, f"{node} is full of dirty pages", 60)
    wait_until(lambda: node.has_io_under_way(path.rsplit("/", 1)[1]), f"{node} tries to write them")
    assert not writer.poll(), f"{FILL_MB} MB fit into the memory"
    return writer, meminfo_kb(node, "Dirty", "Writeback")


@scenario(nodes=3, disks={"leg0": "320M", "leg1": "320M", "log": "4M"}, memory="384M", timeout=360,
          default=False, tags=("memory",))
def node_full_of_dirty_pages_keeps_going(lab: Lab) -> None:
    """The log's writer is full of dirty pages of the mirror and out of memory: the others write on; all gets written."""
    # Without a window each write of any node waits for the log device, and so for the daemon of the first.
    start_daemons(lab, "--window 0")
    node, *others = lab.nodes
    mirror = ClusterMirror(lab, words=["nosync"])
    gate = Gate(node, "leg1")
    node.mirror_create(mirror.name, mirror.uuid, words=["nosync"], legs=["leg0", gate.path])
    lab.each(mirror.create_on, others)
    assert mirror.status(node)["writer"] == node.ident
    pid = pid_of(node)
    assert_protected(node)
    # clogd sees to itself only; whoever else a node needs has to be protected too.
    node.run("echo -1000 >/proc/$(pidof corosync)/oom_score_adj")
    # The agent of the harness, too, which is this command's parent.
    node.run("echo -1000 >/proc/$PPID/oom_score_adj")
    loads = [VerifiedLoad(other, mirror.path, FILL_MB + LOAD_MB * at).start() for at, other in enumerate(others)]

    gate.close()
    writer, dirty_kb = fill_memory(node, mirror.path)
    kills = count_oom_kills(node)
    hog = node.start(HOG)
    # It ends a process only when it has long tried to write what the gate keeps.
    wait_until(lambda: count_oom_kills(node) > kills, f"{node} is out of memory", 120)
    kills = count_oom_kills(node) - kills
    await_more_writes(loads, OTHERS_WRITES)
    assert not writer.poll()
    gate.open()
    writer.wait(120)
    assert hog.wait(30, check=False).status != 0
    lab.note(f"{FILL_MB} MB written through a node of {lab.memory}, {dirty_kb // 1024} MB of it dirty at once; the kernel "
             f"ended a process {kills} times for want of memory")

    assert pid_of(node) == pid and node.clogd_is_up()
    assert_protected(node)
    assert [each.clogctl("status", "--json")["node"]["members"] for each in lab.nodes] == [[1, 2, 3]] * 3
    stop_loads(loads)
    others[0].run(READ.format(path=mirror.path, mb=FILL_MB, pattern=PATTERN), 120)
    mirror.wait_in_sync()
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1")
