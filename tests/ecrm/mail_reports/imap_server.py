"""A mail server with one mailbox: as much of IMAP (RFC 3501) as reading unread messages needs."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Mailbox:
    """The messages by UID, and which of them were read."""

    def __init__(self, *messages: bytes) -> None:
        self.messages = {uid: message.replace(b"\n", b"\r\n") for uid, message in enumerate(messages, start=1)}
        self.read: set[int] = set()


@contextmanager
def imap_server(mailbox: Mailbox) -> Iterator[int]:
    """The port of a running server."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("* OK ready")
            while line := self.rfile.readline().decode().strip():
                tag, _, command = line.partition(" ")
                if self.answer(command):
                    self.say(f"{tag} OK done")
                if command.upper() == "LOGOUT":
                    return

        def answer(self, command: str) -> bool:
            upper = command.upper()
            if upper.startswith("CAPABILITY"):
                self.say("* CAPABILITY IMAP4rev1")
            elif upper.startswith("SELECT"):
                self.say(f"* {len(mailbox.messages)} EXISTS")
            elif upper.startswith("UID SEARCH"):
                self.say("* SEARCH " + " ".join(str(uid) for uid in self.found(upper)))
            elif upper.startswith("UID FETCH"):
                for uid in map(int, re.findall(r"\d+", upper.partition("(")[0])):
                    body = mailbox.messages[uid]
                    self.say(f"* {uid} FETCH (UID {uid} RFC822.SIZE {len(body)} FLAGS () BODY[] {{{len(body)}}}")
                    self.wfile.write(body + b")\r\n")
            elif upper.startswith("UID STORE"):
                mailbox.read |= set(map(int, re.findall(r"\d+", upper.partition("+")[0])))
            elif upper == "LOGOUT":
                self.say("* BYE")
            return True

        def found(self, asked: str) -> list[int]:
            if named := re.search(r"UID SEARCH.*\bUID (\d+)", asked):
                return [int(named.group(1))]
            return [uid for uid in mailbox.messages if uid not in mailbox.read]

        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
