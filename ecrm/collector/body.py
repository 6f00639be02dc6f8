"""The bytes of a request to the collector: unpacked where they were packed, and never more than the limit of them."""

from __future__ import annotations

import zlib
from functools import lru_cache

from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_options_header

from .messages import MAX_BATCH, Unreadable

_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_READABLE = frozenset({"", "application/json", "text/plain", "application/x-www-form-urlencoded"})
"""`text/plain` is what browsers' SDKs send to spare themselves a preflight; the last is what curl says by itself."""


class TooLarge(ValueError):
    """More bytes than the collector reads."""


class UnknownEncoding(ValueError):
    """A Content-Type or Content-Encoding that isn't read here."""


def body_of(asked: Request) -> bytes:
    """The body of a request, unpacked.

    Raises:
        TooLarge: above 500 KB, packed or unpacked.
        UnknownEncoding: for another type than JSON, or another packing than gzip.
        Unreadable: for a gzip stream that is damaged or cut off.
    """
    if not _is_readable(asked.environ.get("CONTENT_TYPE", "")):
        raise UnknownEncoding("send JSON, as application/json or text/plain")
    encoding = asked.environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in {"", "identity", "gzip"}:
        raise UnknownEncoding("only gzip can be unpacked here; leave Content-Encoding out or send gzip")
    raw = _read(asked)
    return _unpacked(raw) if encoding == "gzip" else raw


@lru_cache(maxsize=256)
def _is_readable(content_type: str) -> bool:
    mimetype, _ = parse_options_header(content_type)
    return mimetype.lower() in _READABLE or mimetype.lower().endswith("+json")


def _read(asked: Request) -> bytes:
    if (asked.content_length or 0) > MAX_BATCH:
        raise TooLarge
    asked.max_content_length = MAX_BATCH + 1  # one more: a body of unknown length is cut there, and seen to be too long
    try:
        raw = asked.get_data(cache=False, parse_form_data=False)
    except RequestEntityTooLarge:
        raise TooLarge from None
    except ClientDisconnected:
        raise Unreadable("the body broke off") from None
    if len(raw) > MAX_BATCH:
        raise TooLarge
    return raw


def _unpacked(raw: bytes) -> bytes:
    """Never more than one byte above the limit is unpacked, whatever the packed bytes promise."""
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        body = unpacker.decompress(raw, MAX_BATCH + 1)
    except zlib.error:
        raise Unreadable("the body says that it is gzip and can't be unpacked") from None
    if len(body) > MAX_BATCH:
        raise TooLarge
    if not unpacker.eof:
        raise Unreadable("the gzip stream is cut off")
    return body
