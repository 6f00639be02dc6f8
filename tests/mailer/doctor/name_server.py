"""A name server on this machine that answers from a dict, so that nothing in a test leaves it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = dict[tuple[str, str], list[str]]
"""(name, kind) → records as they stand in a zone file."""


@contextmanager
def name_server(zone: Zone) -> Iterator[int]:
    """The port of a running server; names that the zone doesn't know don't exist."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.2)
        ended = threading.Event()
        thread = threading.Thread(target=_serve, args=(server, zone, ended))
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            thread.join()


def _serve(server: socket.socket, zone: Zone, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            asked, client = server.recvfrom(4096)
        except TimeoutError:
            continue
        query = dns.message.from_wire(asked)
        question = query.question[0]
        name, kind = str(question.name).rstrip(".").lower(), dns.rdatatype.to_text(question.rdtype)
        answer = dns.message.make_response(query)
        if (name, "SERVFAIL") in zone:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif records := zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
        elif not any(known == name for known, _ in zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        server.sendto(answer.to_wire(), client)
