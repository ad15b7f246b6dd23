# SPDX-License-Identifier: GPL-2.0-or-later
"""What the manual pages promise: exit statuses, signals, files, and examples that work as they stand."""
import pathlib
import re
import shlex
import textwrap

from lablib.channel import SIGKILL
from lablib.clogd import SIGTERM
from lablib.cluster import Lab
from lablib.clustered import ClusterMirror, Gate, fill_legs, start_daemons, wait_until
from lablib.dm import UDEVLESS
from lablib.node import Node
from lablib.scenario import scenario

TAGS = ("clogctl", "manual")
TOP = pathlib.Path(__file__).resolve().parents[3]
COMMANDS = ("status", "watch", "map", "check", "metrics", "fenced", "dump", "log-level", "table", "stop")
SIGHUP, SIGINT, SIGUSR1 = 1, 2, 10
FINE, ATTENTION, USAGE = range(3)
NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups"
BLACKBOX = "/run/clogd/blackbox"
LATE = "did not come to rest"


def ends(node: Node, command: str, status: int, said: str) -> None:
    result = node.run(command, check=False)
    assert result.status == status and said in result.out + result.err, (command, result)


@scenario(tags=TAGS, nodes=1, corosync=False)
def exit_statuses_of_clogd(lab: Lab) -> None:
    """0 when asked to end or for help, 1 where it cannot start, 2 for a wrong setting, which is named."""
    node = lab[1]
    clogd = lab.binary("clogd")
    node.run("echo 'hold = 5s' >/run/wrong.conf; echo 'hold = 5000' >/run/right.conf")
    for words, said in (("--help", "Usage"), ("--version", "clogd "), ("--check-config", "window = 1024"),
                        ("--check-config --config /run/right.conf --window 7", "window = 7")):
        ends(node, f"{clogd} {words}", FINE, said)
    for words, said in (("--windows 7", "--windows"), ("--window -1", "a number from 0 to 1048576"),
                        ("--config /run/absent.conf", "/run/absent.conf"),
                        ("-f --config /run/wrong.conf", "/run/wrong.conf:1: hold: '5s' is not a number from 0 to 3600000"),
                        ("--check-config --config /run/wrong.conf", "/run/wrong.conf:1: hold"),
                        ("--node-id 2", "node-id"), ("--group nogroups", "nogroups"), ("surplus", "surplus")):
        ends(node, f"{clogd} {words}", USAGE, said)

    node.run(f"install -D -m 755 {clogd} /run/bin/clogd")
    ends(node, f"cd / && {NOBODY} /run/bin/clogd -f --standalone", 1, "root")
    node.start_clogd("--standalone")
    ends(node, f"{clogd} -f --standalone", 1, "another daemon is running")
    assert node.kill_clogd(SIGTERM).status == FINE
    node.run("echo /bin/false >/proc/sys/kernel/modprobe && modprobe -r dm-log-userspace cn")
    ends(node, f"{clogd} -f --standalone", 1, "the kernel has no connector (module cn)")
    node.run("modprobe -a cn dm-log-userspace && echo /sbin/modprobe >/proc/sys/kernel/modprobe")


def said_by(node: Node) -> str:
    """What its daemon has logged since it serves the kernel."""
    log = pathlib.Path(node.logs["clogd"]).read_text(encoding="utf-8", errors="replace")
    return log.rsplit("serving the kernel", 1)[1]


@scenario(tags=TAGS)
def signals_of_clogd(lab: Lab) -> None:
    """TERM and INT end it with what is marked let go of, without quorum at once. USR1 dumps; HUP does nothing."""
    node = lab[1]
    start_daemons(lab, "--hold 60000")
    mirror = ClusterMirror(lab, words=["nosync"]).create()
    pid = node.run("cat /run/cmirrord.pid").out.strip()
    node.run(f"rm -f {BLACKBOX}; kill -{SIGHUP} {pid}; kill -{SIGUSR1} {pid}")
    wait_until(lambda: node.run(f"test -s {BLACKBOX}", check=False).status == 0, "the flight recorder")
    assert "serving the kernel" in node.run(f"{lab.binary('clogctl')} dump --show {BLACKBOX}").out
    assert mirror.status(node)["state"] == "active" and node.run("cat /run/cmirrord.pid").out.strip() == pid

    for signal in (SIGTERM, SIGINT):
        node.fio(mirror.path, rw="randwrite", runtime=1)
        assert any(entry["node"] == 1 for entry in mirror.status(lab[2])["marked"]), "nothing is marked"
        assert node.kill_clogd(signal).status == FINE
        assert not any(entry["node"] == 1 for entry in mirror.status(lab[2])["marked"]), "marks of a daemon that ended well"
        node.start_clogd("--hold 60000")
        wait_until(lambda: mirror.status(node)["state"] == "active", "its kernel")

    # Without quorum there is nothing to wait for.
    node.fio(mirror.path, rw="randwrite", runtime=1)
    lab.partition([1], [2, 3])
    wait_until(lambda: mirror.status(node)["state"] == "frozen", "it is frozen")
    assert node.kill_clogd(SIGTERM).status == FINE and LATE not in said_by(node), said_by(node)
    lab.heal()
    lab.wait_quorate()
    node.start_clogd()
    wait_until(lambda: mirror.status(node)["state"] == "active", "its kernel")
    mirror.remove()


@scenario(tags=TAGS, default=False)
def clogd_ends_though_its_log_device_hangs(lab: Lab) -> None:
    """What is marked cannot be written out: it ends at a second signal, or by itself, and says so."""
    start_daemons(lab, "--hold 60000")
    gates = lab.each(lambda node: Gate(node, "log"))
    mirror = ClusterMirror(lab, logdev=gates[0].path, words=["nosync"]).create()
    writer = lab[mirror.status(lab[1])["writer"]]
    gate = gates[writer.ident - 1]
    for urged in (True, False):
        writer.fio(mirror.path, rw="randwrite", runtime=1)
        assert mirror.status(writer)["dirty"] > 0, "nothing is marked"
        gate.close()
        writer.clogd_signalled = True
        writer.clogd.kill(SIGTERM)
        wait_until(lambda: "stopping" in said_by(writer), "it to hear the first signal")
        ended = writer.kill_clogd(SIGTERM) if urged else writer.clogd.wait()
        assert ended.status == FINE and (LATE in said_by(writer)) is not urged, said_by(writer)
        gate.open()
        writer.start_clogd("--hold 60000")
        wait_until(lambda: mirror.status(writer)["state"] == "active", "its kernel")
        writer = lab[mirror.status(lab[1])["writer"]]
        gate = gates[writer.ident - 1]
    mirror.remove()


@scenario(tags=TAGS)
def exit_statuses_of_clogctl(lab: Lab) -> None:
    """Each command ends with the statuses its page tells: 0 fine, 1 attention or refused, 2 no daemon or wrong usage."""
    node = lab[1]
    clogctl = lab.binary("clogctl")
    for words in ("status", "status --json", "watch", "map m", "metrics", "fenced 2", "dump", "log-level", "stop"):
        ends(node, f"{clogctl} {words}", USAGE, "no clogd runs on this node")
    ends(node, f"{clogctl} check", 2, "CLOGD CRITICAL - no clogd runs")
    fill_legs(lab)
    start_daemons(lab)
    gates = [Gate(each, "leg1").close() for each in lab.nodes]
    mirror = ClusterMirror(lab, legs=["leg0", gates[0].path]).create()
    ends(node, f"{clogctl} status", ATTENTION, "0.0%")
    ends(node, f"{clogctl} status m", ATTENTION, "left to copy")
    ends(node, f"{clogctl} check", 1, "CLOGD WARNING")
    for gate in gates:
        gate.open()
    ends(node, f"{clogctl} watch --until-in-sync", FINE, "100.0% in sync")
    for words in ("status", "status m", "map m", "metrics", "dump", "log-level info"):
        ends(node, f"{clogctl} {words}", FINE, "")
    ends(node, f"{clogctl} check", 0, "CLOGD OK")
    ends(node, f"{clogctl} check absent", 2, "CLOGD CRITICAL")
    ends(node, f"{clogctl} check --wrong", 3, "is not an option of it")
    ends(node, f"{clogctl} fenced 2", ATTENTION, "no log waits for node 2")
    ends(node, f"{clogctl} stop", ATTENTION, "live mirrors need it: m")
    node.run(f"rm -f {BLACKBOX} && mkdir {BLACKBOX}")
    ends(node, f"{clogctl} dump", ATTENTION, BLACKBOX)
    node.run(f"rmdir {BLACKBOX}")
    for words in ("status x", "map x", "map", "watch x", "watch --interval 0", "fenced x", "log-level loud", "dump x",
                  "table", "stop now", "state", ""):
        ends(node, f"{clogctl} {words}", USAGE, "clogctl")

    # A daemon that was restarted a moment ago knows of no mirror, but its kernel has one.
    node.kill_clogd(SIGKILL)
    node.start_clogd()
    ends(node, f"{clogctl} stop", ATTENTION, "live mirrors need it: m")
    mirror.remove()
    node.clogd_signalled = True
    ends(node, f"{clogctl} stop", FINE, "clogd stops")
    assert node.clogd.wait().status == FINE


# --- examples ---

# What has no end by itself is ended as Ctrl-C does it.
ENDLESS = re.compile(r"clogctl watch(?!.*--until)|watch -n|clogd -f")
ENDED = (0, 124)
ELSEWHERE = {"/tmp/": "/run/", "/var/lib/": "/run/", "dmsetup create": f"dmsetup create {UDEVLESS}"}
SYSLOG = "import socket; log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); log.bind('/dev/log')\nwhile True: log.recv(999)"
PREPARE = """mkdir -p /run/bin /dev/vg /run/prometheus/node-exporter
echo 'window = 7' >/run/clogd.conf
ln -s {clogctl} {clogd} /run/bin
ln -s {log} /dev/vg/log
ln -s {leg0} /dev/vg/leg-a; ln -s {leg0} /dev/vg/a
ln -s {leg1} /dev/vg/leg-b; ln -s {leg1} /dev/vg/b"""


def commands_in(text: str) -> list[str]:
    """A command a line; a line that is indented goes on with the one before."""
    return re.split(r"\n(?! )", textwrap.dedent(text).strip("\n"))


def examples_of_help(node: Node) -> list[str]:
    return [command for name in COMMANDS
            for command in commands_in(node.clogctl(name, "--help").split("Examples:\n")[1])]


def examples_of_page(page: str) -> list[str]:
    text = (TOP / "man" / page).read_text(encoding="utf-8").split(".Sh EXAMPLES\n")[1].split(".Sh SEE ALSO")[0]
    blocks = re.findall(r"^\.Bd -literal(?: -offset indent)?\n(.*?)^\.Ed|((?:^\.Dl [^\n]*\n)+)", text, re.S | re.M)
    return [re.sub(r"^\.Dl ", "", block or lines, flags=re.M).replace("\\e", "\\").replace("\\(dq", '"').strip("\n")
            for block, lines in blocks]


def run_example(node: Node, example: str, expected: tuple[int, ...] = (FINE,)) -> None:
    words = example
    for here, there in ELSEWHERE.items():
        words = words.replace(here, there)
    limit, expected = ("timeout -s INT 2", ENDED) if ENDLESS.search(example) else ("", expected)
    result = node.run(f"export TERM=xterm PATH=/run/bin:$PATH; cd /run; {limit} bash -c {shlex.quote(words)}", check=False)
    assert result.status in expected, (example, result)


GROUPS = "(cat /etc/group; echo monitoring:x:4242:) >/run/group && mount --bind /run/group /etc/group"


def pcs_commands(text: str) -> list[list[str]]:
    """Their words."""
    commands = [command.replace("\\\n", " ") for command in commands_in(text)]
    return [shlex.split(command) for command in commands if command.startswith("pcs ")]


@scenario(tags=TAGS, nodes=1, corosync=False)
def examples_of_settings_and_resources(lab: Lab) -> None:
    """clogd.conf(5): good files, and the mistake is told as it says; ocf_clogd_mirror(7): as docs/pacemaker.md."""
    node = lab[1]
    check = f"{lab.binary('clogd')} --check-config"
    good, group, unit, (asked, told) = [example.splitlines() for example in examples_of_page("clogd.conf.5")]
    node.run(GROUPS)
    for settings in (good, group):
        lines = "\n".join(settings)
        node.run(f"echo '{lines}' >/run/example.conf")
        in_effect = node.run(f"{check} --config /run/example.conf").out.splitlines()
        assert set(settings) <= set(in_effect), (settings, in_effect)
    node.run("umount /etc/group")
    installed = re.findall(r"^#(\S+ = .+)$", (TOP / "etc/clogd.conf").read_text(encoding="utf-8"), re.M)
    in_effect = re.sub("^# ", "", node.run(f"{check} --config /dev/null").out, flags=re.M).splitlines()
    assert len(installed) == 13 and set(installed) <= set(in_effect), (installed, in_effect)
    assert unit[0] == "[Service]" and asked == "# clogd --check-config", (unit, asked)
    node.run("printf '\\n\\nhold = 5s\\n' >/run/example.conf")
    result = node.run(f"{check} --config /run/example.conf", check=False)
    assert result.status == USAGE and told.replace("/etc/clogd/clogd.conf", "/run/example.conf") in result.err, result

    [of_page] = examples_of_page("ocf_clogd_mirror.7")
    page = (TOP / "docs/pacemaker.md").read_text(encoding="utf-8").replace("pcs -f /root/mirror-1 ", "pcs ")
    pasted = pcs_commands(re.sub("^ {6}", "", page, flags=re.M))
    assert len(pcs_commands(of_page)) == 4
    for command in pcs_commands(of_page):
        assert command in pasted, command


@scenario(tags=TAGS, timeout=180)
def examples_work_as_they_stand(lab: Lab) -> None:
    """Each example of each --help, and of the pages of clogctl and clogd, is run once."""
    fill_legs(lab)
    devices = {disk: lab[1].device(disk) for disk in lab.disks.names}
    prepare = PREPARE.format(clogctl=lab.binary("clogctl"), clogd=lab.binary("clogd"), **devices)
    lab.each(lambda node: node.run(prepare))
    node = lab[1]
    node.start(f"exec python3 -c {shlex.quote(SYSLOG)}")
    of_clogctl, of_clogd = [examples_of_page(page) for page in ("clogctl.8", "clogd.8")]
    examples = examples_of_help(node) + of_clogctl + of_clogd
    left = {word: [example for example in examples if word in example]
            for word in ("clogd -f", "dmsetup create", "fenced 3", "clogctl stop")}
    others = [example for example in examples if not any(example in some for some in left.values())]
    assert [len(some) for some in left.values()] == [1, 3, 2, 2] and len(others) > 20, examples

    for example in left["clogd -f"]:
        run_example(node, example)
    start_daemons(lab, "--fencing on --hold 60000")
    for each, example in zip(lab.nodes, left["dmsetup create"]):
        run_example(each, example)
    mirrors = [ClusterMirror(lab, name, uuid=name, **options)
               for name, options in (("mirror-1", {}), ("mirror-2", {"log": "clustered-core", "words": ["nosync"]}))]
    mirrors[1].create()
    lab.each(lambda each: each.run("dmsetup mknodes"))
    mirrors[0].wait_in_sync()
    node.clogctl("dump")
    for example in others:
        run_example(node, example)
    lab[3].fio(mirrors[0].path, rw="randwrite", runtime=1)
    lab[3].power_off()
    wait_until(lambda: mirrors[0].status(node)["waits_for_fencing"], "node 3 is waited for")
    run_example(node, left["fenced 3"][0])
    lab.note(f"{len(examples)} examples")
    refused, forced = left["clogctl stop"]
    run_example(node, refused, (ATTENTION,))
    node.clogd_signalled = True
    run_example(node, forced)
