"""A letter of twenty megabytes comes through the real door in memory that grows with its size alone."""

from __future__ import annotations

import smtplib
import socket
import tracemalloc
from base64 import b64encode
from random import Random

import pytest
from sqlalchemy import func, select

from ecrm.installation import Installation
from ecrm.mail_reports.intake import serve
from ecrm.service.cases import CaseAttachment
from tests.ecrm.service.desk import DESK, ready

TIMES_ITS_SIZE = 14
"""With the sender, who is in this process: the letter in bytes and as text, its lines, packed, its file, the rows."""


@pytest.fixture
def plugin(plugin: Installation) -> Installation:
    return ready(plugin, ECRM_DESK_ACKNOWLEDGE=False)


def letter(size: int) -> bytes:
    packed = b64encode(Random(size).randbytes(size * 57 // 78))
    lines = b"\r\n".join(packed[at : at + 76] for at in range(0, len(packed), 76))
    return (
        f"From: ada{size}@example.net\r\nTo: {DESK}\r\nSubject: Look\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee file\r\n--b\r\n"
        "Content-Type: application/zip; name=big.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ).encode() + lines + b"\r\n--b--\r\n"  # fmt: skip


def test_twenty_megabytes_take_memory_in_proportion(plugin: Installation) -> None:
    peaks = {}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = serve(plugin, address="shop@example.com", host="127.0.0.1", port=port, lmtp=True)
    try:
        for size in (100_000, 4_000_000, 20_000_000):  # the first loads what is loaded once
            raw = letter(size)
            tracemalloc.start()
            with smtplib.LMTP("127.0.0.1", port, timeout=120) as client:
                client.sendmail("ada@example.net", [DESK], raw)
            peaks[size] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    finally:
        server.stop()
    with plugin.sessions() as session:
        assert session.scalar(select(func.max(CaseAttachment.size))) == 20_000_000 * 57 // 78
    assert peaks[20_000_000] < TIMES_ITS_SIZE * 20_000_000
    assert peaks[20_000_000] < 5.6 * peaks[4_000_000]
