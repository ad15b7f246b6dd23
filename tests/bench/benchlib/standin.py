# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's part of the protocol, played over a socket: see <linux/dm-log-userspace.h> and <linux/connector.h>."""
import itertools
import select
import socket
import struct
import time

CTR, DTR, PRESUSPEND, POSTSUSPEND, RESUME = 1, 2, 3, 4, 5
IN_SYNC, FLUSH, MARK, CLEAR = 8, 9, 10, 11
SYNC_COUNT = 14
NETLINK = struct.Struct("=IHHII")
CONNECTOR = struct.Struct("=IIIIHH")
REQUEST = struct.Struct("=Q129s3xIiIII")      # luid, uuid, version, error, seq, type, size of the data behind it
CN_IDX_DM, CN_VAL = 7, 1
NLMSG_DONE = 3
VERSION = 2


class Refused(Exception):
    pass


class Kernel:
    """Asks one daemon. Requests may be in flight together."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.seqs = itertools.count(1)
        self.waiting: set[int] = set()

    def send(self, kind: int, uuid: str, luid: int, data: bytes = b"") -> int:
        seq = next(self.seqs)
        body = REQUEST.pack(luid, uuid.encode(), VERSION, 0, seq, kind, len(data)) + data
        message = CONNECTOR.pack(CN_IDX_DM, CN_VAL, seq, 0, len(body), 0) + body
        self.socket.send(NETLINK.pack(NETLINK.size + len(message), NLMSG_DONE, 0, seq, 0) + message)
        self.waiting.add(seq)
        return seq

    def receive(self, timeout: float = 60) -> tuple[int, bytes]:
        if not select.select([self.socket], [], [], timeout)[0]:
            raise TimeoutError(f"{len(self.waiting)} requests are not answered")
        body = self.socket.recv(4096)[NETLINK.size + CONNECTOR.size:]
        _, _, _, error, seq, kind, size = REQUEST.unpack_from(body)
        self.waiting.discard(seq)
        if error:
            raise Refused(f"request {kind}: error {error}")
        return seq, body[REQUEST.size:REQUEST.size + size]

    def is_answered(self, seq: int) -> bool:
        """Takes in what is there already."""
        while seq in self.waiting and select.select([self.socket], [], [], 0)[0]:
            self.receive()
        return seq not in self.waiting

    def ask(self, kind: int, uuid: str, luid: int, data: bytes = b"") -> bytes:
        seq = self.send(kind, uuid, luid, data)
        while True:
            answered, result = self.receive()
            if answered == seq:
                return result

    def ask_region(self, kind: int, uuid: str, luid: int, region: int) -> float:
        """Seconds until the answer."""
        begin = time.monotonic()
        self.ask(kind, uuid, luid, struct.pack("=Q", region))
        return time.monotonic() - begin


def drain(kernels: list[Kernel], timeout: float = 120) -> None:
    """Until all of them have all answers."""
    while busy := [kernel for kernel in kernels if kernel.waiting]:
        ready = select.select([kernel.socket for kernel in busy], [], [], timeout)[0]
        if not ready:
            raise TimeoutError(f"{sum(len(kernel.waiting) for kernel in busy)} requests are not answered")
        for kernel in busy:
            if kernel.socket in ready:
                kernel.receive()


def ask_all(kernels: list[Kernel], requests: list[tuple], in_flight: int = 64) -> None:
    """Each kernel asks all of these; some are in flight together, as of many devices."""
    for start in range(0, len(requests), in_flight):
        for kernel in kernels:
            for request in requests[start:start + in_flight]:
                kernel.send(*request)
        drain(kernels)
