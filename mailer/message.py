"""The finished bytes of an e-mail: always the same for the same row and words, so that a retry is no new e-mail.

Written by hand: `email.message.EmailMessage` takes 3 ms for what takes a twentieth of that here. The headers are those
of `HEADERS` and no others, whatever names and subjects hold.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256

from .addressing import BadHeader, Mailbox, checked_subject
from .enclosed import MOST_BYTES, File, file_part, thread_headers
from .outbox import Email
from .writing import Written

HEADERS = (
    "From", "To", "Cc", "Subject", "Message-ID", "In-Reply-To", "References", "Date", "List-Unsubscribe",
    "List-Unsubscribe-Post", "List-Id", "Feedback-ID", "Auto-Submitted", "X-Loop",
    "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
)  # fmt: skip
"""All that a message may have, in this order."""
_WORD = 45  # bytes of text in an encoded word: 60 letters of base64, 72 with its marks; RFC 2047 2 allows 75
_LINE = 76
_LONGEST = 990  # RFC 5322 2.1.1 allows 998
_UNFOLDED = 60  # longer names go without what needs quotes: folded quotes are read in too many ways
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\- ]*")
_SPECIALS = re.compile(r"[()<>\[\]:;@\\,.\"]")
_URL = re.compile(r"https?://[!-;=?-~]+")
_LIST_ID = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")
_PRINTABLE = re.compile(r"[!-~][ -~]{0,190}")
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>")
_HIGH = bytes(range(128, 256))
_STYLE = re.compile(r"<style.*?</style", re.DOTALL | re.IGNORECASE)


def compose(email: Email, words: Written | None = None, files: Sequence[File] = ()) -> bytes:
    """The e-mail in CRLF lines, text and HTML as alternatives.

    Args:
        words: those that were found for it just now; without, the row's own.
        files: what goes with it; only with what somebody waits for.

    Raises:
        BadHeader: where the row or the words hold what can't be put into headers, marketing has no way out or has
            files, or the files are more than mail servers take.
    """
    # Letters outside of ASCII before the @ can't be written in ASCII; the transport asks the server first (RFC 6531).
    raw = not (email.to_address.isascii() and email.from_address.isascii())
    if not _MESSAGE_ID.fullmatch(email.message_id):
        raise BadHeader(f"not a Message-ID: {email.message_id[:80]!r}")
    about = email.content or {}
    if files and (not email.transactional or sum(len(file.content) for file in files) > MOST_BYTES):
        raise BadHeader(f"files go with what somebody waits for, at most {MOST_BYTES} bytes of them")
    lines = [
        _mailbox("From", email.from_name, email.from_address, raw=raw),
        _mailbox("To", email.to_name, email.to_address, raw=raw),
        *(_copies(about.get("copies") or (), raw=raw) if email.transactional else ()),
        f"Subject: {encoded(checked_subject(words.subject if words else email.subject), first=len('Subject: '))}",
        f"Message-ID: {email.message_id}",
        *(thread_headers(about) if email.transactional else ()),
        # what is written at the last moment is finished then (RFC 5322 3.6.1)
        f"Date: {format_datetime((email.claimed_at if words else None) or email.queued_at)}",
        *_of_lists(words, transactional=email.transactional),
    ]
    if email.transactional:
        lines += _of_machines(str(about.get("auto") or ""), email.from_address)
    # Exchange heeds only this one; not "All", which would also stop reports of non-delivery
    lines.append("X-Auto-Response-Suppress: OOF, AutoReply")
    boundary = f"={sha256(email.message_id.encode()).hexdigest()[:32]}="
    mark = f"--{boundary}".encode()
    text, html = (words.text, words.html) if words else (email.text, email.html)
    alternatives = b"".join((
        f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'.encode(), mark, b"\r\n",
        _part("plain", text), b"\r\n", mark, b"\r\n", _part("html", html), b"\r\n", mark, b"--\r\n",
    ))  # fmt: skip
    head = "\r\n".join([*lines, "MIME-Version: 1.0", ""]).encode()
    return head + (_with_files(alternatives, files, boundary=f"={boundary}") if files else alternatives)


def _with_files(body: bytes, files: Sequence[File], *, boundary: str) -> bytes:
    mark = f"--{boundary}\r\n".encode()
    parts = b"".join(mark + file_part(file) for file in files)
    head = f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode()
    return b"".join((head, mark, body, parts, f"--{boundary}--\r\n".encode()))


def _of_machines(auto: str, address: str) -> list[str]:
    """RFC 3834 5: who wrote it. Letters of a conversation say besides whose they are: they may come back."""
    if auto == "no":
        return [f"X-Loop: {address}"] if address.isascii() else []
    said = "auto-replied" if auto == "auto-replied" else "auto-generated"
    loop = [f"X-Loop: {address}"] if auto and address.isascii() else []
    return [f"Auto-Submitted: {said}", *loop]


def _of_lists(words: Written | None, *, transactional: bool) -> list[str]:
    """RFC 2369, 8058 and 2919, and Gmail's Feedback-ID."""
    if words is None or not words.unsubscribe_url:
        if not transactional:
            raise BadHeader("marketing needs a way to unsubscribe")
        return []
    if not _URL.fullmatch(words.unsubscribe_url):
        raise BadHeader(f"not an address to unsubscribe at: {words.unsubscribe_url[:80]!r}")
    found = [f"List-Unsubscribe: <{words.unsubscribe_url}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
    if words.list_id:
        if not _LIST_ID.fullmatch(words.list_id):
            raise BadHeader(f"not a list's id: {words.list_id[:80]!r}")
        found.append(f"List-Id: <{words.list_id}>")
    if words.feedback_id:
        if not _PRINTABLE.fullmatch(words.feedback_id):
            raise BadHeader(f"not a feedback id: {words.feedback_id[:80]!r}")
        found.append(f"Feedback-ID: {words.feedback_id}")
    return found


def _copies(known: Sequence[str], *, raw: bool) -> list[str]:
    """Who else gets these words, an address a line; what needs SMTPUTF8 stands only in what is sent so."""
    named = [Mailbox("", str(one)).address for one in known if raw or str(one).isascii()]
    return ["Cc: " + ",\r\n ".join(named)] if named else []


@lru_cache(maxsize=1024)
def _mailbox(header: str, name: str, address: str, *, raw: bool) -> str:
    """`To: "Byron, Ada" <ada@example.com>`; the mailbox is checked, and nothing in a name is read as syntax."""
    checked = Mailbox(name, address)
    phrase, bracketed = _phrase(checked.name, raw=raw, first=len(header) + 2), f"<{checked.address}>"
    if not phrase:
        return f"{header}: {checked.address}"
    apart = " " if len(header) + len(phrase.rpartition("\n")[2]) + len(bracketed) + 3 <= _LINE else "\r\n "
    return f"{header}: {phrase}{apart}{bracketed}"


def _phrase(name: str, *, raw: bool, first: int) -> str:
    """A display name (RFC 5322 3.4); `raw`: letters outside of ASCII stay as they are (RFC 6532)."""
    if not name.strip():
        return ""
    if (not name.isascii() and not raw) or "=?" in name:
        return encoded(name, first=first)
    if len(name) > _UNFOLDED:
        return _folded(" ".join(_SPECIALS.sub(" ", name).split()), first=first)
    if _ATOMS.fullmatch(name) or (raw and not _SPECIALS.search(name)):
        return " ".join(name.split())
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def encoded(text: str, *, first: int) -> str:
    """Text for a header: as it is, where that is safe, or in encoded words (RFC 2047, base64), folded.

    Args:
        first: how much of the first line is taken.
    """
    if text.isascii() and "=?" not in text:
        return text if first + len(text) <= _LINE else _folded(text, first=first)
    words, chunk = [], b""
    for letter in text:
        # what can't be encoded (half of a surrogate pair) becomes a question mark
        more = letter.encode("utf-8", "replace")
        if len(chunk) + len(more) > _WORD:
            words.append(chunk)
            chunk = b""
        chunk += more
    words.append(chunk)
    parts = [f"=?utf-8?b?{binascii.b2a_base64(word, newline=False).decode()}?=" for word in words]
    begin = "\r\n " if first + len(parts[0]) > 998 else ""
    return begin + "\r\n ".join(parts)


def _folded(text: str, *, first: int) -> str:
    """Folded at spaces (RFC 5322 2.2.3), which stay; a long word stays whole."""
    lines, line = [], ""
    for word in re.split(r"(?= )", text):
        if line.strip() and first + len(line) + len(word) > _LINE and word.strip():
            lines.append(line)
            line, first = "", 0
        line += word
    return "\r\n".join([*lines, line])


def _part(subtype: str, text: str) -> bytes:
    """One alternative in seven bits, which pass through every server: as it is, quoted-printable or base64."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.endswith("\n"):
        text += "\n"
    data = _in_seven_bits(text) if subtype == "html" else text.encode("utf-8", "replace")
    if data.isascii() and b"\x00" not in data and not _long_line(data) and not _from_line(data):
        encoding, body = b"7bit", data.replace(b"\n", b"\r\n")
    elif 3 * (len(data) - len(data.translate(None, _HIGH))) > len(data):
        encoding = b"base64"
        whole = binascii.b2a_base64(data.replace(b"\n", b"\r\n"), newline=False)  # RFC 2046 4.1.1
        body = b"\r\n".join(whole[at : at + _LINE] for at in range(0, len(whole), _LINE)) + b"\r\n"
    else:
        encoding = b"quoted-printable"
        body = binascii.b2a_qp(data, istext=True)
        if _from_line(body):  # some servers put a ">" before it
            body = re.sub(rb"(?m)^From ", b"=46rom ", body)
        body = body.replace(b"\n", b"\r\n")
    charset = b"Content-Type: text/" + subtype.encode() + b'; charset="utf-8"\r\n'
    return charset + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body


def _in_seven_bits(text: str) -> bytes:
    """HTML in ASCII, its other letters as `&#233;`: means the same, and takes a tenth of the time of quoted-printable.
    In UTF-8 where there are many of them, or where a style sheet has some, which knows no references."""
    if text.isascii():
        return text.encode()
    end = text.rfind("</style")
    if end >= 0 and not text[:end].isascii() and not all(style.isascii() for style in _STYLE.findall(text)):
        return text.encode("utf-8", "replace")
    short = text.encode("ascii", "xmlcharrefreplace")
    # a reference is at least five longer than its letter, which is four bytes at most: so few needn't be counted
    if 16 * (len(short) - len(text)) > len(text):
        data = text.encode("utf-8", "replace")
        if 20 * (len(data) - len(data.translate(None, _HIGH))) > len(data):
            return data
    return short


def _long_line(data: bytes) -> bool:
    """Whether a line is longer than servers must take (RFC 5322 2.1.1)."""
    start = 0
    while len(data) - start > _LONGEST:
        end = data.rfind(b"\n", start, start + _LONGEST + 1)
        if end < 0:
            return True
        start = end + 1
    return False


def _from_line(data: bytes) -> bool:
    return b"\nFrom " in data or data.startswith(b"From ")
