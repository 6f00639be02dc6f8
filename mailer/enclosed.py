"""Files in an e-mail that somebody waits for, and the headers by which it belongs to a conversation.

Both stand in `Email.content` (`correspondence`), as everything that makes an e-mail the same at each try; the files'
bytes stay where they are kept and are asked for when it goes out (`Desk.files`).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from .addressing import BadHeader

MOST_BYTES = 10_000_000
"""Of all files of an e-mail: in base64 a third more, which is what most mail servers still take."""
MOST_REFERENCES = 20
_LINE = 76
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
_PLAIN = re.compile(r"[A-Za-z0-9 ._()-]{1,60}")
_ID = re.compile(r"<[!-;=?-~]{1,245}>")


@dataclass(frozen=True)
class File:
    """A file that goes out with an e-mail."""

    name: str
    content_type: str
    content: bytes


def correspondence(
    *,
    in_reply_to: str = "",
    references: Sequence[str] = (),
    answered_by_machine: bool = False,
    files: bool = False,
    copies: Sequence[str] = (),
) -> dict[str, Any]:
    """The part of `Email.content` that `compose` heeds for an e-mail of a conversation.

    Args:
        in_reply_to: the Message-ID that is answered; ids that can't stand in a header are left out.
        references: those of the conversation before, oldest first.
        answered_by_machine: an automatic answer (RFC 3834), not a person's.
        files: whether files go with it.
        copies: addresses of others who get the same words in an e-mail of their own.
    """
    answered = in_reply_to if _ID.fullmatch(in_reply_to) else ""
    known = [one for one in dict.fromkeys([*references, answered]) if _ID.fullmatch(one)]
    first = known[:1] if len(known) > MOST_REFERENCES else []  # RFC 5322 3.6.4 lets the ones between go
    return {
        "in_reply_to": answered,
        "references": [*first, *known[len(first) - MOST_REFERENCES :]],
        "auto": "auto-replied" if answered_by_machine else "no",
        "files": files,
        **({"copies": list(copies)} if copies else {}),
    }


def thread_headers(content: dict[str, Any]) -> list[str]:
    """In-Reply-To and References (RFC 5322 3.6.4), folded; none where it belongs to no conversation."""
    lines = []
    if answered := str(content.get("in_reply_to") or ""):
        lines.append(f"In-Reply-To: {_checked(answered)}")
    if references := content.get("references"):
        lines.append("References: " + "\r\n ".join(_checked(str(one)) for one in references))
    return lines


def file_part(file: File) -> bytes:
    """A part of `multipart/mixed`; a name that isn't plain ASCII in UTF-8 (RFC 2231).

    Raises:
        BadHeader: for a type that can't stand in a header.
    """
    if not _TYPE.fullmatch(file.content_type):
        raise BadHeader(f"not a content type: {file.content_type[:80]!r}")
    name = file.name.encode("utf-8", "replace").decode()[:100]
    named = f'="{name}"' if _PLAIN.fullmatch(name) else f"*=utf-8''{quote(name, safe='')}"
    head = (
        f"Content-Type: {file.content_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment;\r\n filename{named}\r\n\r\n"
    )
    whole = binascii.b2a_base64(file.content, newline=False)
    return head.encode() + b"\r\n".join(whole[at : at + _LINE] for at in range(0, len(whole), _LINE)) + b"\r\n"


def _checked(message_id: str) -> str:
    if not _ID.fullmatch(message_id):
        raise BadHeader(f"not a Message-ID: {message_id[:80]!r}")
    return message_id
