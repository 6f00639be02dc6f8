"""DKIM: other people's software finds our signatures good, and finds what was changed on the way."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from types import SimpleNamespace

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.dkim import BadKey, Key, Signer, read_key, relaxed_body

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
KEYS = {"rsa-sha256": Key("shop", RSA), "ed25519-sha256": Key("shop-ed", ED25519)}
MAIL = (
    b"From: Shop <shop@example.com>\r\nTo: Ada <ada@example.com>\r\nSubject: A  long\r\n subject\r\n"
    b"Message-ID: <1@example.com>\r\nDate: Fri, 20 Nov 2026 12:00:00 +0000\r\nList-Unsubscribe: <https://e.com/u>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n"
)


class VerifyKey:
    """PyNaCl's, which dkimpy asks for Ed25519 and which isn't installed here, by the library that we have."""

    def __init__(self, key: bytes, encoder: object) -> None:
        self.public = ed25519.Ed25519PublicKey.from_public_bytes(b64decode(key))

    def verify(self, message: bytes, signature: bytes) -> bytes:
        try:
            self.public.verify(signature, message)
        except InvalidSignature:
            raise ValueError("bad signature") from None
        return message


@pytest.fixture(autouse=True)
def _ed25519_for_dkimpy(monkeypatch: pytest.MonkeyPatch) -> None:
    nacl = SimpleNamespace(
        signing=SimpleNamespace(VerifyKey=VerifyKey), encoding=SimpleNamespace(Base64Encoder=None),
        exceptions=SimpleNamespace(BadSignatureError=ValueError),
    )  # fmt: skip
    monkeypatch.setattr(dkim, "nacl", nacl, raising=False)


def good(message: bytes, *, place: int = 0) -> bool:
    """What dkimpy says of the signature at a place."""
    records = {f"{key.selector}._domainkey.example.com.": key.record.encode() for key in KEYS.values()}
    try:
        return bool(dkim.DKIM(message).verify(idx=place, dnsfunc=lambda name, timeout=5: records[name.decode()]))
    except dkim.ValidationError:  # the body's hash is another one
        return False


@pytest.mark.parametrize("algorithm", list(KEYS))
def test_a_signature_is_good_until_something_is_changed(algorithm: str) -> None:
    signed = Signer("example.com", [KEYS[algorithm]])(MAIL + b"Hello  you\t\r\n\r\n  there \r\n\r\n\r\n")
    assert algorithm.encode() in signed
    assert good(signed)
    assert good(signed.replace(b"Hello  you\t", b"Hello you"))
    assert not good(signed.replace(b"Hello", b"Hallo"))
    assert not good(signed.replace(b"e.com/u", b"e.com/x"))
    assert not good(signed.replace(b"One-Click", b"No-Click!"))
    assert not good(signed.replace(b"From: Shop", b"From: Eve <eve@example.com>\r\nFrom: Shop"))


def test_both_keys_sign_and_the_same_mail_has_the_same_signatures() -> None:
    signer = Signer("example.com", list(KEYS.values()))
    signed = signer(MAIL + b"Hello\r\n")
    assert good(signed, place=0)
    assert good(signed, place=1)
    assert signer(MAIL + b"Hello\r\n") == signed
    assert max(map(len, signed.split(b"\r\n"))) <= 120


@given(st.text(alphabet="a \t\r\n=.", max_size=200))
@settings(deadline=None, max_examples=300)
def test_every_body_is_canonical_as_others_understand_it(text: str) -> None:
    body = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()
    body += b"" if body.endswith(b"\r\n") else b"\r\n"  # every message ends a line
    theirs = dkim.canonicalization.Relaxed.canonicalize_body(body)
    assert relaxed_body(body) == (b"" if theirs == b"\r\n" else theirs)


def test_a_key_that_cannot_sign_is_refused_with_its_reason(tmp_path: Path) -> None:
    def pem(key: object) -> Path:
        file = tmp_path / "key.pem"
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))  # type: ignore[attr-defined]
        return file

    assert read_key("shop", pem(RSA)).algorithm == "rsa-sha256"
    assert read_key("shop", pem(ED25519)).algorithm == "ed25519-sha256"
    with pytest.raises(BadKey, match="neither"):
        read_key("shop", pem(dsa.generate_private_key(2048)))
    with pytest.raises(BadKey, match="selector"):
        read_key("shop; d=evil", pem(RSA))
    with pytest.raises(BadKey, match="nowhere"):
        read_key("shop", tmp_path / "nowhere.pem")
    (tmp_path / "text.pem").write_text("hello")
    with pytest.raises(BadKey, match="can't be read"):
        read_key("shop", tmp_path / "text.pem")
