"""DKIM (RFC 6376): the shop's domain signs its e-mails, with RSA (rsa-sha256) and Ed25519 (RFC 8463) keys.

Relaxed/relaxed: what servers on the way do to blanks breaks nothing. No timestamp: the same e-mail has the same
signature.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

SIGNED = (
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"list-unsubscribe", b"list-unsubscribe-post",
    b"list-id", b"feedback-id", b"auto-submitted", b"mime-version", b"content-type",
)  # fmt: skip
"""Headers under the signature, where there are such; RFC 8058 4 wants both List-Unsubscribe ones among them."""
_ONCE = (b"from", b"subject", b"to", b"date")
"""Signed once more as absent, so that nobody can put a second one on top (RFC 6376 8.15)."""


class BadKey(ValueError):
    """A key file that can't be used; says which and why."""


@dataclass(frozen=True)
class Key:
    """A private key with the selector under which its public half stands in DNS."""

    selector: str
    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def algorithm(self) -> str:
        return "rsa-sha256" if isinstance(self.private, RSAPrivateKey) else "ed25519-sha256"

    @property
    def record(self) -> str:
        """What has to stand in DNS at `<selector>._domainkey.<domain>` (RFC 6376 3.6.1, RFC 8463 4)."""
        public = self.private.public_key()
        if isinstance(self.private, RSAPrivateKey):
            kind, data = "rsa", public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            kind, data = "ed25519", public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return f"v=DKIM1; k={kind}; p={b64encode(data).decode()}"

    def sign(self, digest: bytes) -> bytes:
        """The signature over a SHA-256 digest; the same for the same digest."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(digest, PKCS1v15(), Prehashed(hashes.SHA256()))
        return self.private.sign(digest)


def read_key(selector: str, file: Path) -> Key:
    """A key from a PEM file without a password.

    Raises:
        BadKey: where it can't be read, is neither RSA (of at least 1024 bits, RFC 8301) nor Ed25519, or the selector
            isn't one.
    """
    if not selector or not all(part.replace("-", "").replace("_", "").isalnum() for part in selector.split(".")):
        raise BadKey(f"{selector!r} is no DKIM selector; write letters, digits and dots, e.g. shop2026")
    try:
        private = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey(f"the DKIM key {file} can't be read: {error}") from None
    if isinstance(private, Ed25519PrivateKey):
        return Key(selector, private)
    if not isinstance(private, RSAPrivateKey):
        raise BadKey(f"the DKIM key {file} is neither RSA nor Ed25519")
    if private.key_size < 1024:
        raise BadKey(f"the DKIM key {file} has {private.key_size} bits; make one of 2048")
    return Key(selector, private)


class Signer:
    """Signs with every key of a domain; a receiver uses those that it understands."""

    def __init__(self, domain: str, keys: Sequence[Key]) -> None:
        """Args:
        domain: that of the From address, or one above it, so that DMARC is content.
        """
        self.domain, self.keys = domain, tuple(keys)

    def __call__(self, message: bytes) -> bytes:
        """The message with its signatures on top.

        Args:
            message: in CRLF lines.
        """
        head, _, body = message.partition(b"\r\n\r\n")
        fields = _fields(head)
        names = [name for name in SIGNED if name in fields]
        lines = [name + b":" + fields[name] for name in names]
        listed = b":".join([*names, *_ONCE]).decode()
        body_hash = b64encode(sha256(relaxed_body(body)).digest()).decode()
        signatures = []
        for key in self.keys:
            value = (
                f"v=1; a={key.algorithm}; c=relaxed/relaxed; d={self.domain}; s={key.selector};\r\n"
                f" h={_wrapped(listed)};\r\n bh={body_hash};\r\n b="
            )
            own = b"dkim-signature:" + _relaxed(value.encode())
            digest = sha256(b"\r\n".join([*lines, own])).digest()
            signature = b64encode(key.sign(digest)).decode()
            parts = "\r\n ".join(signature[at : at + 72] for at in range(0, len(signature), 72))
            signatures.append(f"DKIM-Signature: {value}{parts}\r\n".encode())
        return b"".join([*signatures, message])


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 3.4.4: runs of blanks become one, those at the ends of lines and empty lines at the end go."""
    if b"\t" in body:
        body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    body = body.replace(b" \r\n", b"\r\n").rstrip(b" ")
    while body.endswith(b"\r\n\r\n"):
        body = body[:-2]
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    return b"" if body == b"\r\n" else body


def _fields(head: bytes) -> dict[bytes, bytes]:
    """Header fields by lower-case name, relaxed (RFC 6376 3.4.2); our messages have each once."""
    found = {}
    for line in head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n"):
        name, _, value = line.partition(b":")
        found[name.strip().lower()] = _relaxed(value)
    return found


def _relaxed(value: bytes) -> bytes:
    return b" ".join(value.split())


def _wrapped(listed: str) -> str:
    """Folded behind a colon, where blanks mean nothing (RFC 6376 3.5)."""
    lines, line = [], ""
    for part in listed.split(":"):
        if line and len(line) + len(part) > 66:
            lines.append(line)
            line = ""
        line += part + ":"
    return "\r\n ".join([*lines, line]).rstrip(":")
