# SPDX-License-Identifier: GPL-2.0-or-later
"""The host's end of a node's command channel (the node's end is node/agent.py).

The channel is one end of a socket pair whose other end is the node's serial line 0. A line discipline
of the guest that is full once does not start again, so no more than WINDOW_BYTES are ever unread there.
"""
import itertools
import json
import socket
import threading
import time
from typing import NamedTuple

from .errors import CommandFailed, LabTimeout, NodeDown
from .patience import deadline, limit

WINDOW_BYTES = 2048
SIGKILL = 9


class Result(NamedTuple):
    out: str
    err: str
    status: int


class Handle:
    """A command that runs in a node."""

    def __init__(self, channel: "Channel", ident: int, command: str) -> None:
        self.channel = channel
        self.ident = ident
        self.command = command
        self.done = threading.Event()
        self.result: Result | None = None

    def poll(self) -> Result | None:
        """The result, or None while it runs. Raises NodeDown if the node died meanwhile."""
        if not self.done.is_set():
            return None
        if self.result is None:
            raise NodeDown(f"{self.channel.name} went down during: {self.command}")
        return self.result

    def wait(self, timeout: float = 60, check: bool = True) -> Result:
        """Waits for the end. A command that is too slow is killed, and LabTimeout raised."""
        if not self.done.wait(limit(timeout)):
            self.kill()
            self.done.wait(1)
            raise LabTimeout(f"{self.channel.name}: {timeout} s were not enough for: {self.command}")
        result = self.poll()
        if check and result.status != 0:
            raise CommandFailed(f"{self.channel.name}: status {result.status} from: {self.command}\n"
                                f"{result.out}{result.err}".rstrip())
        return result

    def kill(self, signal: int = SIGKILL) -> None:
        """Sends a signal to the command and all it started in its session."""
        self.channel.send({"id": self.ident, "signal": int(signal)})


class Channel:
    def __init__(self, name: str) -> None:
        self.name = name
        self.host_end, self.node_end = socket.socketpair()
        self.idents = itertools.count(1)
        self.handles: dict[int, Handle] = {}
        self.ready = threading.Event()
        self.closed = False
        self.unread_bytes = 0
        self.window = threading.Condition()
        self.sending = threading.Lock()
        self.reader = threading.Thread(target=self._read, name=f"channel-{name}", daemon=True)

    def start(self) -> None:
        """To be called when the node has inherited its end."""
        self.node_end.close()
        self.reader.start()

    def wait_ready(self, timeout: float) -> None:
        if not self.ready.wait(timeout):
            raise LabTimeout(f"{self.name} did not boot within {timeout} s")
        if self.closed:
            raise NodeDown(f"{self.name} died while it booted")

    def run(self, command: str) -> Handle:
        handle = Handle(self, next(self.idents), command)
        self.handles[handle.ident] = handle
        try:
            self.send({"id": handle.ident, "run": command})
        except NodeDown:
            self.handles.pop(handle.ident, None)
            raise
        return handle

    def send(self, message: dict) -> None:
        data = json.dumps(message).encode() + b"\n"
        with self.sending:
            while data:
                chunk, data = data[:WINDOW_BYTES // 2], data[WINDOW_BYTES // 2:]
                self._wait_window(len(chunk))
                try:
                    self.host_end.sendall(chunk)
                except OSError as error:
                    raise NodeDown(f"{self.name} is down") from error

    def close(self) -> None:
        try:
            self.host_end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        if self.reader.is_alive():
            self.reader.join(5)
        self.host_end.close()

    def _wait_window(self, chunk_bytes: int, timeout: float = 60) -> None:
        until = deadline(timeout)
        with self.window:
            while not self.closed and self.unread_bytes + chunk_bytes > WINDOW_BYTES:
                if not self.window.wait(until - time.monotonic()):
                    raise LabTimeout(f"{self.name}: the agent does not read")
            if self.closed:
                raise NodeDown(f"{self.name} is down")
            self.unread_bytes += chunk_bytes

    def _read(self) -> None:
        pending = b""
        while True:
            try:
                data = self.host_end.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                break
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                self._handle(json.loads(line))
        self._end()

    def _handle(self, message: dict) -> None:
        if "ack" in message:
            with self.window:
                self.unread_bytes -= message["ack"]
                self.window.notify_all()
        elif "status" in message:
            handle = self.handles.pop(message["id"])
            handle.result = Result(message["out"], message["err"], message["status"])
            handle.done.set()
        elif "hello" in message:
            self.ready.set()

    def _end(self) -> None:
        with self.window:
            self.closed = True
            self.window.notify_all()
        self.ready.set()
        for handle in list(self.handles.values()):
            handle.done.set()
        self.handles.clear()
