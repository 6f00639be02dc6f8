"""A mail server that takes everything and counts: in a process of its own, so that no kill of a sender touches it.

    python -m tests.faults.mail_sink LOG [--delay MS] [--plain]

Prints its port. Each e-mail that it takes is a line of LOG (`recipient<TAB>Message-ID`), written before the "250" goes
out: whatever a sender's death makes of the answer, it counts. `--delay` is how long each answer takes; `--plain` offers
no PIPELINING.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MESSAGE_ID = re.compile(rb"(?mi)^Message-ID: *([^\r\n]*)")
_RCPT = re.compile(rb"(?i)RCPT TO:<([^>]*)>")


class Sink(asyncio.Protocol):
    """One connection."""

    def __init__(self, log: int, *, delay: float, plain: bool) -> None:
        self.log, self.delay = log, delay
        self.hello = b"250 sink\r\n" if plain else b"250-sink\r\n250-SMTPUTF8\r\n250 PIPELINING\r\n"
        self.received = bytearray()
        self.in_data, self.to = False, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._say(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.received += data
        answers = []
        while True:
            mark = b"\r\n.\r\n" if self.in_data else b"\r\n"
            end = self.received.find(mark)
            if end < 0:
                break
            whole = bytes(self.received[:end])
            del self.received[: end + len(mark)]
            answers.append(self._take(whole) if self.in_data else self._answer(whole))
        if answers:
            self._say(b"".join(answers))

    def _take(self, message: bytes) -> bytes:
        self.in_data = False
        found = _MESSAGE_ID.search(message)
        os.write(self.log, self.to + b"\t" + (found.group(1) if found else b"?") + b"\n")
        return b"250 taken\r\n"

    def _answer(self, command: bytes) -> bytes:
        verb = command[:4].upper()
        if verb == b"EHLO":
            return self.hello
        if verb == b"DATA":
            self.in_data = True
            return b"354 go on\r\n"
        if verb == b"QUIT":
            asyncio.get_running_loop().call_later(self.delay + 0.01, self.transport.close)
            return b"221 bye\r\n"
        if verb == b"RCPT":
            found = _RCPT.match(command)
            self.to = found.group(1) if found else b"?"
        return b"250 ok\r\n"

    def _say(self, answer: bytes) -> None:
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(answer)


async def _serve(log: Path, *, delay: float, plain: bool) -> None:
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Sink(handle, delay=delay, plain=plain), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def sink(log: Path, *options: str) -> Iterator[int]:
    """A sink in a process of its own, as long as the block lasts; its port."""
    command = [sys.executable, "-m", "tests.faults.mail_sink", str(log), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def taken(log: Path) -> Counter[str]:
    """How many e-mails each recipient got."""
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter(line.partition("\t")[0] for line in lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("log", type=Path)
    parser.add_argument("--delay", type=float, default=0.0, help="milliseconds")
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    asyncio.run(_serve(options.log, delay=options.delay / 1000, plain=options.plain))
