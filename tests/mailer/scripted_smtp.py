"""A mail server that does what a test wants: answers a command with a given code, or hangs up at a given moment."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field

HANG_UP, SILENCE = "hang up", "silence"
PIPELINING = "250-hello\r\n250 PIPELINING"


@dataclass
class ScriptedSmtp:
    """`script` maps a moment (connect, EHLO, MAIL, RCPT, DATA, body, dot, RSET, QUIT) to answers, used up one by one.

    `received` holds every message that the server took in whole, whatever it answered then. `hello` is what it answers
    to EHLO. SILENCE: it says nothing more on this connection.
    """

    script: dict[str, list[str]] = field(default_factory=dict)
    received: list[bytes] = field(default_factory=list)
    connections: int = 0
    hello: str = "250 ok"

    def __enter__(self) -> ScriptedSmtp:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve_one, args=[connection], daemon=True).start()

    def _serve_one(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, contextlib.suppress(_HungUp, OSError):
            self._talk(connection, lines)

    def _talk(self, connection: socket.socket, lines: object) -> None:
        self._answer(connection, "connect", "220 ready")
        for line in lines:  # type: ignore[attr-defined]
            verb = line.split()[0].decode().upper() if line.split() else ""
            if verb == "DATA":
                if not self._answer(connection, "DATA", "354 go on").startswith("354"):
                    continue
                body = b""
                for text in lines:  # type: ignore[attr-defined]
                    if text == b".\r\n":
                        break
                    if self.script.get("body"):
                        self._answer(connection, "body", "")
                    body += text
                self.received.append(body)
                self._answer(connection, "dot", "250 queued")
            elif verb == "QUIT":
                self._answer(connection, "QUIT", "221 bye")
                return
            else:
                self._answer(connection, verb, self.hello if verb == "EHLO" else "250 ok")

    def _answer(self, connection: socket.socket, moment: str, usual: str) -> str:
        answers = self.script.get(moment)
        answer = answers.pop(0) if answers else usual
        if answer == HANG_UP:
            connection.shutdown(socket.SHUT_RDWR)
            raise _HungUp
        if answer == SILENCE:
            while connection.recv(65536):
                pass
            raise _HungUp
        connection.sendall(answer.encode() + b"\r\n")
        return answer


class _HungUp(Exception):
    pass
