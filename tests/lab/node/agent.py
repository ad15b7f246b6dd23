# SPDX-License-Identifier: GPL-2.0-or-later
"""The node's end of the command channel (the host's end is lablib/channel.py).

Runs in the node, on serial line 0 in raw mode. Messages are JSON objects, one a line:

    to the node      {"id": 7, "run": "shell command"}
                     {"id": 7, "signal": 9}
    from the node    {"hello": pid}
                     {"ack": bytes read from the line}
                     {"id": 7, "status": 0, "out": "...", "err": "..."}

Each command has a session and a thread of its own, so any number run side by side. Output goes
to memory files: a command that leaves a daemon behind is over when its shell is.
"""
import json
import os
import signal
import subprocess
import tempfile
import threading
import tty
from typing import BinaryIO

LINE = "/dev/ttyS0"
OUTPUT_MAX_BYTES = 4 << 20


def text(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read(OUTPUT_MAX_BYTES).decode(errors="replace")


class Agent:
    def __init__(self) -> None:
        self.line = os.open(LINE, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.line)
        self.lock = threading.Lock()
        self.running: dict[int, subprocess.Popen] = {}

    def send(self, message: dict) -> None:
        data = json.dumps(message).encode() + b"\n"
        with self.lock:
            while data:
                data = data[os.write(self.line, data):]

    def start(self, ident: int, command: str) -> None:
        """At once: a signal may be the next message."""
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        process = subprocess.Popen(["/bin/sh", "-c", command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   start_new_session=True)
        self.running[ident] = process
        threading.Thread(target=self.await_end, args=(ident, process, out, err), daemon=True).start()

    def await_end(self, ident: int, process: subprocess.Popen, out: BinaryIO, err: BinaryIO) -> None:
        with out, err:
            status = process.wait()
            del self.running[ident]
            self.send({"id": ident, "status": status, "out": text(out), "err": text(err)})

    def signal(self, ident: int, number: int) -> None:
        process = self.running.get(ident)
        if process is not None:
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                pass

    def handle(self, message: dict) -> None:
        if "run" in message:
            self.start(message["id"], message["run"])
        elif "signal" in message:
            self.signal(message["id"], message["signal"])

    def serve(self) -> None:
        self.send({"hello": os.getpid()})
        pending = b""
        while True:
            data = os.read(self.line, 4096)
            if not data:
                return
            self.send({"ack": len(data)})
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                self.handle(json.loads(line))


signal.signal(signal.SIGHUP, signal.SIG_IGN)
Agent().serve()
