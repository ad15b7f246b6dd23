# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory under pressure: clogd is in the path of the very writes that would free memory."""
from lablib.cluster import Lab
from lablib.clustered import ClusterMirror, assert_replicas_agree, start_daemons, wait_until
from lablib.node import Node
from lablib.scenario import scenario

MEMORY_KB = 192 * 1024
PF_MEMALLOC_NOIO = 0x00080000
PF_LOCAL_THROTTLE = 0x00100000
FLAGS_WORD = 8              # of /proc/PID/task/TID/stat
FILL_MB = 256
# Nothing is written back before memory is short, and then everything has to be.
LATE_WRITEBACK = """
echo 90 >/proc/sys/vm/dirty_ratio
echo 80 >/proc/sys/vm/dirty_background_ratio
echo 100000 >/proc/sys/vm/dirty_expire_centisecs"""
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
# A process that wants more than there is while the writes go on: the kernel must find memory, or end this one.
HOG = """python3 -I - <<'END'
with open("/proc/self/oom_score_adj", "w") as score:
    score.write("1000")
pages = []
while True:
    pages.append(bytearray(1 << 20))
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


def count_stalls(node: Node) -> int:
    """How often somebody had to free memory before he got some."""
    lines = [line.split() for line in node.run("cat /proc/vmstat").out.splitlines()]
    return sum(int(value) for name, value in lines if name.startswith("allocstall"))


def start_watch(node: Node):
    """The greatest share of memory that was dirty or on its way to the disks, in kB, until /run/lab/stop-watch."""
    return node.start("""most=0
until [ -e /run/lab/stop-watch ]; do
	dirty=$(awk '/^(Dirty|Writeback):/ { sum += $2 } END { print sum }' /proc/meminfo)
	[ $dirty -le $most ] || most=$dirty
	sleep 0.1
done
echo $most""")


@scenario(nodes=3, disks={"leg0": "320M", "leg1": "320M", "log": "4M"}, memory=f"{MEMORY_KB}K", timeout=240,
          default=False, tags=("memory",))
def node_full_of_dirty_pages_keeps_going(lab: Lab) -> None:
    """A node's memory is full of dirty pages of the mirror, and a process wants the rest: all is written, none dies."""
    start_daemons(lab)
    mirror = ClusterMirror(lab, words=["nosync"]).create()
    node, reader = lab[2], lab[3]
    pid = pid_of(node)
    assert_protected(node)
    node.run(LATE_WRITEBACK)
    watch = start_watch(node)
    stalls = count_stalls(node)
    for number, pattern in enumerate((0x1000000, 0x2000000)):
        writer = node.start(FILL.format(path=mirror.path, mb=FILL_MB, pattern=pattern))
        if number == 1:
            # Ended by the kernel, or by us when all is written.
            hog = node.start(HOG)
        writer.wait(180)
    hog.kill()
    hog.wait(check=False)
    node.run("touch /run/lab/stop-watch")
    most_kb = int(watch.wait().out)
    lab.note(f"{FILL_MB} MB written twice through {MEMORY_KB // 1024} MB of memory, {most_kb // 1024} MB of it dirty at most")
    assert count_stalls(node) > stalls, "memory was never short: nobody waited for pages to be written"
    assert pid_of(node) == pid and node.clogd_is_up()
    assert_protected(node)
    assert [each.clogctl("status", "--json")["node"]["members"] for each in lab.nodes] == [[1, 2, 3]] * 3
    wait_until(lambda: mirror.status(reader)["state"] == "active", "the mirror is in use")
    reader.run(READ.format(path=mirror.path, mb=FILL_MB, pattern=0x2000000), 180)
    mirror.wait_in_sync()
    assert_replicas_agree(lab)
    mirror.remove()
    lab.assert_same("leg0", "leg1", FILL_MB << 20)
