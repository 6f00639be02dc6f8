"""The doctor says what is wrong, and what to do, for every mistake that shops make."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import dns.reversename
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from mailer.dkim import Key, Signer
from mailer.doctor import domain, server, spf
from mailer.doctor.findings import Finding, Grade, NoAnswer
from mailer.doctor.resolving import DnsResolver
from tests.mailer.scripted_smtp import ScriptedSmtp

from .name_server import Zone, name_server

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
IP, OTHER = "93.184.216.34", "93.184.216.99"
SIGNER = Signer("kites.shop", [Key("one", generate_private_key(65537, 2048)), Key("two", Ed25519PrivateKey.generate())])


def txt(text: str) -> list[str]:
    """As a zone file writes it, in parts of 255."""
    return [" ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))]


def good_zone() -> Zone:
    """Everything in order."""
    return {
        ("kites.shop", "MX"): ["10 mx.kites.shop."],
        ("kites.shop", "TXT"): ['"google-site-verification=x"', f'"v=spf1 ip4:{IP} include:_spf.mail.example -all"'],
        ("_spf.mail.example", "TXT"): txt("v=spf1 ip4:198.51.100.0/24 ~all"),
        ("one._domainkey.kites.shop", "TXT"): txt(SIGNER.keys[0].record),
        ("two._domainkey.kites.shop", "TXT"): txt(SIGNER.keys[1].record),
        ("_dmarc.kites.shop", "TXT"): txt("v=DMARC1; p=quarantine; rua=mailto:d@kites.shop"),
        ("mx.kites.shop", "A"): [IP],
        (str(dns.reversename.from_address(IP)).rstrip("."), "PTR"): ["mx.kites.shop."],
    }


def examine(zone: Zone, *, return_path: str = "kites.shop", signer: Signer | None = SIGNER) -> dict[str, Finding]:
    """The worst finding about each thing."""
    rank = [Grade.GOOD, Grade.UNKNOWN, Grade.WARN, Grade.BAD]
    worst: dict[str, Finding] = {}
    with name_server(zone) as port:
        resolver = DnsResolver(["127.0.0.1"], port=port, patience=1.0)
        found: Iterable[Finding] = [
            *domain.from_domain(resolver, "kites.shop"),
            *domain.sender_policy(resolver, return_path, [IP]),
            *domain.signatures(resolver, signer),
            *domain.dmarc(resolver, "kites.shop", return_path=return_path, signed_by=signer.domain if signer else None),
            *server.names(resolver, [IP]),
        ]
    for one in found:
        if one.about not in worst or rank.index(one.grade) > rank.index(worst[one.about].grade):
            worst[one.about] = one
    return worst


def test_where_all_is_in_order_nothing_is_to_be_done() -> None:
    found = examine(good_zone())
    assert {one.about: one.grade for one in found.values()} == dict.fromkeys(
        ("From", "SPF", "DKIM", "DMARC", "Alignment", "PTR"), Grade.GOOD
    )
    assert all(one.fix == "" for one in found.values())


@pytest.mark.parametrize(
    ("change", "about", "grade", "says", "fix"),
    [
        ({("kites.shop", "MX"): []}, "From", Grade.BAD, "neither an MX nor an address", "Add an MX record"),
        ({("kites.shop", "TXT"): []}, "SPF", Grade.BAD, "has no SPF record", f"v=spf1 ip4:{IP} -all"),
        ({("kites.shop", "TXT"): txt("v=spf1 -all")}, "SPF", Grade.BAD, f"{IP} may not send", f"Put ip4:{IP} into"),
        ({("kites.shop", "TXT"): txt("v=spf1 mx +all")}, "SPF", Grade.BAD, "lets everybody send", "-all or ~all"),
        ({("kites.shop", "TXT"): txt("v=spf1 ip4:1.2.3.4 ?all")}, "SPF", Grade.WARN, "(neutral)", f"ip4:{IP}"),
        ({("kites.shop", "TXT"): ['"v=spf1 -all"', '"v=spf1 a"']}, "SPF", Grade.BAD, "2 SPF records", "Repair it"),
        ({("kites.shop", "TXT"): txt("v=spf1 include:gone.example")}, "SPF", Grade.BAD, "leads to no record", "Repair"),
        ({("kites.shop", "TXT"): txt("v=spf1 include:kites.shop -all")}, "SPF", Grade.BAD, "more than 10", "Repair it"),
        ({("one._domainkey.kites.shop", "TXT"): []}, "DKIM", Grade.BAD, "has no key", "Add this TXT record"),
        ({("one._domainkey.kites.shop", "TXT"): txt("v=DKIM1; p=AAAA")}, "DKIM", Grade.BAD, "another key", "Replace"),
        ({("_dmarc.kites.shop", "TXT"): []}, "DMARC", Grade.BAD, "no DMARC record", "v=DMARC1; p=none"),
        ({("_dmarc.kites.shop", "TXT"): txt("v=DMARC1; p=none")}, "DMARC", Grade.WARN, "let through", "p=quarantine"),
        ({("_dmarc.kites.shop", "TXT"): txt("v=DMARC1; rua=x")}, "DMARC", Grade.BAD, "no policy", "Say p=none"),
        ({("mx.kites.shop", "A"): [OTHER]}, "PTR", Grade.BAD, "doesn't lead back", "Give mx.kites.shop the address"),
        ({(str(dns.reversename.from_address(IP)).rstrip("."), "PTR"): []}, "PTR", Grade.BAD, "has no name", "hosting"),
        ({("_dmarc.kites.shop", "SERVFAIL"): ["x"]}, "DMARC", Grade.UNKNOWN, "didn't answer", "Try again"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_what_to_do(change: Zone, about: str, grade: Grade, says: str, fix: str) -> None:
    found = examine(good_zone() | change)[about]
    assert found.grade is grade, found
    assert says in found.says
    assert fix in found.fix


def test_mail_that_nobody_vouches_for_is_not_aligned() -> None:
    zone = good_zone() | {("bounces.elsewhere.net", "TXT"): txt(f"v=spf1 ip4:{IP} -all")}
    alone = examine(zone, return_path="bounces.elsewhere.net", signer=None)
    assert (alone["Alignment"].grade, alone["DKIM"].grade) == (Grade.BAD, Grade.WARN)
    signed = examine(zone, return_path="bounces.elsewhere.net")
    assert signed["Alignment"].says == "DKIM speak for kites.shop."


@pytest.mark.parametrize("name", ["shop.example", "example.com", "shop.test", "a.localhost"])
def test_a_domain_for_examples_is_no_sender(name: str) -> None:
    with name_server({}) as port:
        [found] = domain.from_domain(DnsResolver(["127.0.0.1"], port=port), name)
    assert found.grade is Grade.BAD


@pytest.mark.parametrize(
    ("record", "address", "result"),
    [
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8::1", "pass"), ("v=spf1 a -all", IP, "pass"),
        ("v=spf1 a/24 -all", OTHER, "pass"), ("v=spf1 a//64 -all", OTHER, "fail"), ("v=spf1 mx ~all", IP, "softfail"),
        ("v=spf1 redirect=other.example", IP, "pass"), ("v=spf1 exists:%{i}.x -all", IP, "fail"),
        ("v=spf1 a:other.example -all", "203.0.113.7", "pass"), ("v=spf1", IP, "neutral"),
        ("v=spf1 -ip4:93.184.0.0/16 +all", IP, "fail"),
    ],
)  # fmt: skip
def test_spf_is_read_as_receivers_read_it(record: str, address: str, result: str) -> None:
    zone: Zone = {
        ("d.example", "TXT"): txt(record), ("d.example", "A"): [IP], ("d.example", "MX"): ["1 mx.example."],
        ("mx.example", "A"): ["192.0.2.1"], ("other.example", "TXT"): txt(f"v=spf1 ip4:{IP} -all"),
        ("other.example", "A"): ["203.0.113.7"],
    }  # fmt: skip
    with name_server(zone) as port:
        assert spf.check(DnsResolver(["127.0.0.1"], port=port), "d.example", address) == result


def test_a_name_server_that_is_silent_is_no_answer() -> None:
    resolver = DnsResolver(["127.0.0.1"], port=9, patience=0.3)
    with pytest.raises(NoAnswer):
        resolver.txt("kites.shop")


def test_a_server_without_tls_is_fine_on_this_machine_and_nowhere_else() -> None:
    with ScriptedSmtp() as smtp:
        here = server.encryption("127.0.0.1", smtp.port, "none", now=NOW)
    assert here.grade is Grade.GOOD
    gone = server.encryption("127.0.0.1", 9, "none", now=NOW, patience=1.0)
    assert (gone.grade, "can't be spoken to" in gone.says) == (Grade.BAD, True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    """A file with a key and its own certificate for `localhost`, and when that ends."""
    key, folder = Ed25519PrivateKey.generate(), tmp_path_factory.mktemp("tls")
    name, start = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    ends = (start + timedelta(days=100)).replace(microsecond=0)
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), start - timedelta(days=1), ends
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, None)
    )
    file = folder / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file, ends


def test_a_certificate_is_looked_at_its_end_too(certificate: tuple[Path, datetime]) -> None:
    file, ends = certificate
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(file)
    trusted = ssl.create_default_context(cafile=file)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = Controller(Sink(), hostname="127.0.0.1", port=port, tls_context=own)
    running.start()
    try:
        good = server.encryption("localhost", port, "starttls", now=NOW, tls=trusted)
        soon = server.encryption("localhost", port, "starttls", now=ends - timedelta(days=3), tls=trusted)
        strange = server.encryption("localhost", port, "starttls", now=NOW)
        elsewhere = server.encryption("127.0.0.1", port, "starttls", now=NOW, tls=trusted)
    finally:
        running.stop()
    assert (good.grade, soon.grade, strange.grade, elsewhere.grade) == (Grade.GOOD, Grade.WARN, Grade.BAD, Grade.BAD)
    assert "doesn't hold" in strange.says
    assert "the name that stands in it" in elsewhere.fix


def test_addresses_that_nobody_outside_can_see_are_not_judged() -> None:
    assert not ip_address("10.0.0.1").is_global
    with name_server(good_zone()) as port:
        resolver = DnsResolver(["127.0.0.1"], port=port)
        [ptr] = server.names(resolver, ["10.0.0.1"])
        [policy] = domain.sender_policy(resolver, "kites.shop", ["10.0.0.1"])
    assert ptr.grade is policy.grade is Grade.UNKNOWN
    assert "--ip" in ptr.fix
