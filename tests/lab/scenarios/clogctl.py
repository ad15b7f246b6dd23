# SPDX-License-Identifier: GPL-2.0-or-later
"""clogctl as an administrator meets it: each command against real mirrors, in each state that they can be in."""
import json
import os
import pathlib
import re
import shlex
import time
import xml.etree.ElementTree

from lablib.channel import Handle
from lablib.cluster import Lab
from lablib.clustered import ClusterMirror, Gate, fill_legs, start_daemons, wait_until
from lablib.node import Node
from lablib.scenario import scenario

TAGS = ("clogctl",)
REGIONS = 128               # of the lab's legs, at the default region size
NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups"
COMMANDS = ("status", "watch", "map", "check", "metrics", "fenced", "dump", "log-level", "table", "stop")
OK, WARNING, CRITICAL, UNKNOWN = range(4)
CHECK_WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
COMPLETION = pathlib.Path(__file__).resolve().parents[3] / "daemons/clogctl/completion/clogctl"
ESCAPE = "\033["
WATCHED = "/run/lab/watched"
SIGINT = 2
MADE_AT_ONCE = 250


READ_METRICS = """
import json, sys
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics
text = sys.stdin.read()
assert list(parser.text_string_to_metric_families(text)), "the file collector of node_exporter reads the older format"
print(json.dumps([[sample.name, sample.labels, sample.value]
                  for family in openmetrics.text_string_to_metric_families(text) for sample in family.samples]))"""


def lab_clogctl(node: Node) -> str:
    return node.lab.binary("clogctl")


def check(node: Node, *words: str) -> tuple[int, str]:
    """Exit status and text of `clogctl check`, which must have the form of a plugin's."""
    result = node.clogctl_run("check", *words)
    assert result.out.count("\n") == 1 and not result.err, result
    match = re.fullmatch(r"CLOGD (\w+) - ([^|]*?)(?: \| (.+))?\n", result.out)
    assert match and match[1] == CHECK_WORDS[result.status], result
    for value in (match[3] or "").split():
        assert re.fullmatch(r"\w+=[0-9.]+(%|B)?(;[0-9.]*){0,4}", value), value
    return result.status, match[2]


def metrics(node: Node) -> dict[tuple[str, str], float]:
    """The samples of `clogctl metrics`, by name and one label that tells them apart; read with the format's own parser."""
    samples = json.loads(node.run(f"{lab_clogctl(node)} metrics | /usr/bin/python3 -c {shlex.quote(READ_METRICS)}").out)
    return {(name, labels.get("state") or labels.get("node") or ""): value for name, labels, value in samples}


def letters(picture: str) -> str:
    """All cells of a map, without the numbers of the rows and the legend."""
    return "".join(match[1] for match in re.finditer(r"^ *\d+ ([.rdxXC]+)$", picture, re.MULTILINE))


def on_terminal(node: Node, command: str, env: str = "", seconds: float = 0) -> str:
    """What a command prints on a terminal of 80 columns; ended as Ctrl-C does it, where it does not end by itself."""
    limit = f"timeout --foreground -s INT {seconds} " if seconds else ""
    line = f"stty rows 24 cols 80; {env} {limit}{node.lab.binary('clogctl')} {command}"
    return node.run(f"TERM=xterm script -qec '{line}' /dev/null </dev/null", check=False).out


def start_watch(node: Node, words: str) -> Handle:
    """`clogctl watch`, which has printed its first lines; all of them are in WATCHED when it has ended."""
    watch = node.start(f"exec {lab_clogctl(node)} watch --interval 0.2 {words} >{WATCHED}")
    wait_until(lambda: node.run(f"cat {WATCHED}", check=False).out, "the first lines")
    return watch


def watched(node: Node) -> list[str]:
    return node.run(f"cat {WATCHED}").out.splitlines()


def completions(node: Node, *words: str) -> list[str]:
    """What bash offers for the last word. No udev has made /dev/fd, which its process substitution wants."""
    binary = lab_clogctl(node)
    return node.run(f"""ln -sfn /proc/self/fd /dev/fd; PATH={os.path.dirname(binary)}:$PATH bash -c '
        source {COMPLETION}; COMP_WORDS=(clogctl {' '.join(map(repr, words)).replace("'", '"')}); COMP_CWORD={len(words)}
        _clogctl; printf "%s\\n" "${{COMPREPLY[@]}}"'""").out.split()


def resync_that_stands(lab: Lab, **options) -> tuple[ClusterMirror, list[Gate]]:
    gates = [Gate(node, "leg1").close() for node in lab.nodes]
    return ClusterMirror(lab, legs=["leg0", gates[0].path], **options).create(), gates


@scenario(tags=TAGS)
def commands_on_a_resync(lab: Lab) -> None:
    """All out of sync, then copied: every command says so; names by device, path, UUID and end of the UUID."""
    fill_legs(lab)
    start_daemons(lab, "--hold 60000")
    node = lab[2]
    mirror, gates = resync_that_stands(lab)
    other = ClusterMirror(lab, "other", uuid="two-m", log="clustered-core", words=["nosync"]).create()

    for word in ("m", "/dev/mapper/m", "lab-m", "b-m"):
        text = node.clogctl("status", word)
        assert text.startswith("m\n") and "0.0%, left to copy: 128 regions (64.0 MiB)" in text, text
    for word, said in (("x", "there are: m, other"), ("-m", "2 logs")):
        result = node.clogctl_run("status", "--", word)
        assert result.status == 2 and f"'{word}'" in result.err and said in result.err and not result.out, result

    status, text = check(node)
    assert status == WARNING and "m: 128 of 128 regions out of sync (64.0 MiB), being copied" in text, text
    assert check(node, "other") == (OK, "1 log in sync, quorate")
    picture = node.clogctl("map", "m")
    assert set(letters(picture)) == {"X", "C"} and len(letters(picture)) == REGIONS, picture
    seen = metrics(node)
    assert seen["clogd_log_unsynced_bytes", ""] in (0, REGIONS << 19) and seen["clogd_quorate", ""] == 1, seen
    assert seen["clogd_log_state", "active"] == 1 and seen["clogd_log_state", "frozen"] == 0, seen

    watch = start_watch(node, "m --until-in-sync")
    for gate in gates:
        gate.open()
    watch.wait()
    lines = watched(node)
    assert "0.0% in sync" in lines[0] and "m: active, 100.0% in sync, used by nodes 1,2,3" in lines[-1], lines
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000 m: ", line) for line in lines), lines
    assert len(lines) == len(set(lines)) and ESCAPE not in "".join(lines), lines
    mirror.wait_in_sync()
    assert check(node) == (OK, "2 logs in sync, quorate")
    assert set(letters(node.clogctl("map", "m"))) == {"."}
    node.fio(mirror.path, rw="write", bs="4k", size="1M")
    text = node.clogctl("status", "m")
    marked = re.search(r"marked dirty +(\d+) regions? .*node 2: (\d+)", text)
    assert marked and marked[1] == marked[2] and "to copy if node 2 died now" in text, text
    assert "at most 1024 regions (512.0 MiB) stay marked" in text, text
    assert "r" in letters(node.clogctl("map", "m")) and "d" in letters(lab[1].clogctl("map", "m"))
    assert metrics(lab[3])["clogd_log_marked_regions", "2"] == int(marked[1])
    for each in (mirror, other):
        each.remove()
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS)
def commands_without_quorum(lab: Lab) -> None:
    """A node that is cut off says that its logs are frozen and why; with the others again all is well."""
    start_daemons(lab)
    mirror = ClusterMirror(lab, words=["nosync"]).create()
    lab.partition([1, 2], [3])
    lab.wait_inquorate([3])
    wait_until(lambda: mirror.status(lab[3])["state"] == "frozen", "node 3 is frozen")
    text = lab[3].clogctl("status")
    assert "NOT quorate" in text and "m: frozen: the cluster has no quorum; writes wait until it has" in text, text
    assert "frozen: the cluster has no quorum" in lab[3].clogctl("status", "m")
    status, text = check(lab[3])
    assert status == CRITICAL and text.startswith("no quorum: only node 3 seen; m: frozen"), text
    seen = metrics(lab[3])
    assert (seen["clogd_quorate", ""], seen["clogd_log_state", "frozen"]) == (0, 1), seen
    watch = start_watch(lab[3], "")
    lab.heal()
    lab.wait_quorate()
    wait_until(lambda: check(lab[3])[0] == OK, "node 3 is well")
    wait_until(lambda: "m: active" in watched(lab[3])[-1], "it is seen")
    watch.kill(SIGINT)
    assert watch.wait().status == 0
    lines = watched(lab[3])
    assert "m: frozen" in lines[0] and "no quorum" in lines[0] and "m: active" in lines[-1], lines
    lab[3].kill_corosync()
    wait_until(lambda: "Corosync does not answer" in lab[3].clogctl("status"), "node 3 misses Corosync")
    lab[3].start_corosync()
    lab.wait_quorate()
    wait_until(lambda: check(lab[3])[0] == OK, "node 3 is well again")
    mirror.remove()


@scenario(tags=TAGS)
def commands_on_a_failed_log_device(lab: Lab) -> None:
    """The log device fails: status, check and metrics name it, and what to do."""
    start_daemons(lab)
    for node in lab.nodes:
        node.dm_linear("logdev", "log")
    mirror = ClusterMirror(lab, logdev="/dev/mapper/logdev", words=["nosync"]).create()
    for node in lab.nodes:
        node.dm_fail("logdev")
    write = lab[1].start(f"dd if=/dev/zero of={mirror.path} bs=4k count=1 oflag=direct")
    for node in lab.nodes:
        wait_until(lambda: mirror.status(node)["state"] == "failed", f"{node} knows")
    text = lab[2].clogctl("status")
    assert "/dev/mapper/logdev DEAD" in text and "m: failed: the log device cannot be written" in text, text
    assert "which is DEAD" in lab[2].clogctl("status", "m")
    status, text = check(lab[2])
    assert status == CRITICAL and "reload the table with a good one" in text, text
    assert metrics(lab[2])["clogd_log_device_healthy", ""] == 0
    mirror.uuid = "lab-m-repaired"
    mirror.reload(log="clustered-core")
    wait_until(lambda: check(lab[2])[0] == OK, "all is well")
    write.wait(check=False)
    mirror.remove()


@scenario(tags=TAGS)
def commands_on_a_node_to_be_fenced(lab: Lab) -> None:
    """With fencing on, a dead writer is named until `clogctl fenced` says that it is gone; then its regions are copied."""
    fill_legs(lab)
    start_daemons(lab, "--fencing on --hold 60000")
    mirror = ClusterMirror(lab).create()
    mirror.wait_in_sync()
    lab[3].fio(mirror.path, rw="randwrite", runtime=2)
    lab[3].power_off()
    lab.wait_quorate([1, 2])
    wait_until(lambda: mirror.status(lab[1])["waits_for_fencing"], "node 3 is waited for")
    text = lab[1].clogctl("status")
    assert "waits for fencing" in text and "m: dead node 3 not known to be fenced" in text, text
    assert "'clogctl fenced 3'" in text, text
    status, text = check(lab[1])
    assert status == CRITICAL and "clogctl fenced 3" in text, text
    assert metrics(lab[1])["clogd_log_lost_nodes", ""] == 1
    result = lab[1].clogctl_run("fenced", "2")
    assert (result.status, result.err) == (1, "clogctl: no log waits for node 2 to be fenced\n"), result
    assert lab[1].clogctl("fenced", "3") == "node 3 counts as fenced\n"
    for node in lab.nodes[:2]:
        wait_until(lambda: check(node)[0] == OK, f"{node}: what node 3 wrote is copied")
        node.dm_remove("m")
    lab.assert_same("leg0", "leg1")


@scenario(tags=TAGS, nodes=1, corosync=False)
def pictures_and_terminals(lab: Lab) -> None:
    """Colour and cursor only on a terminal, and NO_COLOR is heard; the drawing is XML; a page fits its terminal."""
    node = lab[1]
    node.start_clogd("--standalone")
    mirror, gates = resync_that_stands(lab, log="clustered-core")
    for words in (["status"], ["status", "m"], ["map", "m"]):
        assert ESCAPE not in node.clogctl(*words), words
        command = " ".join(words)
        assert f"{ESCAPE}3" in on_terminal(node, command), words
        assert ESCAPE not in on_terminal(node, command, env="NO_COLOR=1"), words
    page = on_terminal(node, "watch --interval 0.2", seconds=1)
    assert page.count("REQ/s") >= 2 and f"{ESCAPE}?25l" in page and page.rstrip().endswith(f"{ESCAPE}?25h"), page
    plain = re.sub(r"\033\[[0-9;?]*[a-zA-Z]", "", page).splitlines()
    assert all(len(line) <= 80 for line in plain) and any("[...." in line for line in plain), plain
    drawing = xml.etree.ElementTree.fromstring(node.clogctl("map", "--svg", "m"))
    titles = [title.text for title in drawing.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[-1] == "regions 64 to 127: out of sync", titles
    cells = node.clogctl("map", "--json", "--rows", "1", "m")
    assert sum(cells["unsynced"]) == REGIONS and len(cells["unsynced"]) <= 64, cells
    for gate in gates:
        gate.open()
    mirror.remove()


@scenario(tags=TAGS, nodes=1, corosync=False)
def completion_offers_what_there_is(lab: Lab) -> None:
    """bash completes commands, options, levels, files, and the names of this node's mirrors."""
    node = lab[1]
    node.start_clogd("--standalone")
    mirror = ClusterMirror(lab, log="clustered-core", words=["nosync"]).create()
    for words, offered in ((["st"], ["status", "stop"]), (["log-level", "d"], ["debug"]), (["map", "--s"], ["--svg"]),
                           (["table", "--log", "/dev/ubda"], ["/dev/ubda"]),
                           (["status", ""], ["--json", "--digests", "--help", "m"])):
        seen = completions(node, *words)
        assert seen == offered, (words, seen)
    mirror.remove()


@scenario(tags=TAGS, nodes=1, corosync=False)
def flight_recorder_and_log_level(lab: Lab) -> None:
    """The recorder has what the log left out; the level changes while the daemon runs, and wrong ones are refused."""
    node = lab[1]
    node.start_clogd("--standalone --log-level warning")
    mirror = ClusterMirror(lab, log="clustered-core", words=["nosync"]).create()
    assert node.clogctl("log-level") == "warning\n"
    path = node.clogctl("dump").strip()
    assert "serving the kernel" in node.run(f"{lab.binary('clogctl')} dump --show {path}").out
    with open(node.logs["clogd"], encoding="utf-8", errors="replace") as log:
        assert "serving the kernel as node 1" not in log.read().split("\n")[-20:], "it is below the level"
    assert node.clogctl("log-level", "debug") == "debug\n"
    assert node.clogctl("status", "--json")["node"]["log_level"] == "debug"
    text = node.clogctl("dump", "--show")
    assert "the log level is 'debug' from here on" in text, text[-500:]
    for words in (["log-level", "loud"], ["dump", "file"], ["dump", "--show", "/etc/hostname"]):
        result = node.clogctl_run(*words)
        assert result.status in (1, 2) and words[-1] in result.err, (words, result)
    mirror.remove()


@scenario(tags=TAGS, nodes=1, corosync=False)
def table_lines(lab: Lab) -> None:
    """A line from `clogctl table` makes a mirror, without a daemon; what cannot work is refused and says what can."""
    node = lab[1]
    legs = [node.device("leg0"), node.device("leg1")]
    line = node.clogctl("table", "--uuid", "lab-m", "--log", node.device("log"), *legs).strip()
    assert line == node.mirror_line("lab-m"), line
    line = node.clogctl("table", "--uuid", "lab-core", "--nosync", "--region-size", "1M", "--size", "32M",
                        "--integrated-flush", *legs).strip()
    assert line == node.mirror_line("lab-core", log="clustered-core", region_size=2048, length_sectors=65536,
                                    words=["nosync"], integrated_flush=True), line
    node.dm_create("tiny", f"0 4 linear {node.device('log')} 0")
    refused = {
        f"--uuid u {legs[0]} {legs[0]}": "are the same device",
        f"--uuid u {legs[0]}": "a mirror has 2 to 9",
        f"--uuid u --log {legs[1]} {legs[0]} {legs[1]}": "cannot hold the log too",
        f"--uuid u --region-size 1000 {legs[0]} {legs[1]}": "1000 is not a power of two of at least 8 sectors",
        f"--uuid u --region-size 4 {legs[0]} {legs[1]}": "of at least 8 sectors",
        f"--uuid u --region-size 1G {legs[0]} {legs[1]}": "above the length of the mirror",
        f"--uuid u --size 65M {legs[0]} {legs[1]}": "more than",
        f"--uuid u --log /dev/mapper/tiny --region-size 8 {legs[0]} {legs[1]}": "use a larger device",
        f"--uuid u {legs[0]} /dev/absent": "/dev/absent",
        f"--uuid u {legs[0]} /etc/hostname": "not a block device",
        f"--uuid '' {legs[0]} {legs[1]}": "1 to 128 characters",
        f"{legs[0]} {legs[1]}": "'--uuid' is wanted",
    }
    for words, said in refused.items():
        result = node.clogctl_run("table", words)
        assert result.status == 2 and said in result.err and not result.out, (words, result)
    node.start_clogd("--standalone")
    clogctl = lab.binary("clogctl")
    node.run(f"table=$({clogctl} table --uuid lab-made --log {node.device('log')} {' '.join(legs)}) && "
             "dmsetup create --noudevsync --noudevrules m --table \"$table\" && dmsetup mknodes m")
    node.wait_in_sync("m")
    assert check(node) == (OK, "1 log in sync, quorate")
    node.dm_remove("m")


@scenario(tags=TAGS)
def strangers_get_no_command(lab: Lab) -> None:
    """Another user is refused by each command that asks the daemon, and changes nothing; help is for everybody."""
    node = lab[1]
    node.start_clogd()
    node.run(f"install -D -m 755 {lab.binary('clogctl')} /run/bin/clogctl")
    for words in ("status", "status --json", "watch", "map x", "metrics", "fenced 2", "dump", "log-level debug", "stop --force"):
        result = node.run(f"{NOBODY} /run/bin/clogctl {words}", check=False)
        assert result.status == 2 and "does not answer this user" in result.err and not result.out, (words, result)
    result = node.run(f"{NOBODY} /run/bin/clogctl check", check=False)
    assert result.status == UNKNOWN and result.out.startswith("CLOGD UNKNOWN - clogd does not answer this user"), result
    assert node.clogctl("log-level") == "info\n"
    for command in COMMANDS:
        text = node.run(f"{NOBODY} /run/bin/clogctl {command} --help").out
        assert text.startswith(f"Usage: clogctl {command}") and "Examples:" in text and "Exit status:" in text, text
        assert all(len(line) <= 80 for line in text.splitlines()), text


@scenario(tags=("bench",), nodes=1, corosync=False, memory="512M", default=False, timeout=240)
def status_of_a_thousand_logs(lab: Lab) -> None:
    """How long clogctl takes where there are 1,000 logs."""
    node = lab[1]
    node.start_clogd("--standalone")
    devices = [f"m{number},,,rw,0 128 mirror userspace 4 lab-many-{number:04d} clustered-core 8 nosync 2 "
               f"{node.device('leg0')} {128 * number} {node.device('leg1')} {128 * number}" for number in range(1000)]
    # Each mirror keeps so much memory for its copies; by default a thousand keep half a gigabyte.
    node.run("echo 4 >/sys/module/dm_mod/parameters/kcopyd_subjob_size_kb")
    started = time.monotonic()
    # dmsetup takes 64 KiB at once, and cuts off what is more.
    for first in range(0, len(devices), MADE_AT_ONCE):
        some = ";".join(devices[first:first + MADE_AT_ONCE])
        node.run(f"echo '{some}' | dmsetup create --noudevsync --noudevrules --concise", 200)
    lab.note(f"1000 mirrors made in {time.monotonic() - started:.1f} s")
    for words in ("status", "status --json", "check", "metrics", "map m7"):
        out = node.run(f"for i in 1 2 3 4 5; do s=$(date +%s%N); {lab_clogctl(node)} {words} >/run/lab/out; "
                       "e=$(date +%s%N); echo $(((e - s) / 1000)); done; wc -c </run/lab/out").out.split()
        *times, size = map(int, out)
        lab.note(f"clogctl {words}: {', '.join(f'{us / 1000:.1f}' for us in times)} ms, {size} bytes")
    assert len(node.clogctl("status", "--json")["logs"]) == 1000
    node.run("dmsetup remove_all", 60)
