"""Countries: from a header or a database that the operator configured, and from nothing else."""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path

import pytest

from ecrm.country import Countries


def test_nothing_is_read_that_was_not_configured() -> None:
    assert Countries().of({"HTTP_CF_IPCOUNTRY": "DE", "REMOTE_ADDR": "192.0.2.1"}) == ""


@pytest.mark.parametrize(
    ("sent", "country"),
    [
        ("DE", "DE"),
        ("us", "US"),
        ("XX", ""),
        ("T1", ""),
        ("", ""),
        ("Germany", ""),
        ("D\x00", ""),
        ("ÄÖ", ""),
        ("DE\n", ""),
    ],
)
def test_the_header_counts_where_it_holds_two_letters(sent: str, country: str) -> None:
    assert Countries(header="CF-IPCountry").of({"HTTP_CF_IPCOUNTRY": sent}) == country


def test_a_header_name_that_is_none_stops_the_start() -> None:
    with pytest.raises(ValueError, match="ECRM_COUNTRY_HEADER must be a header's name"):
        Countries(header="CF IPCountry:")


def test_the_database_tells_the_country_of_an_address(tmp_path: Path) -> None:
    (tmp_path / "geo.mmdb").write_bytes(mmdb({"192.0.2.0/24": "DE", "198.51.100.0/24": "US"}))
    countries = Countries(geoip_file="geo.mmdb", root=tmp_path)
    assert countries.of({"REMOTE_ADDR": "192.0.2.77"}) == "DE"
    assert countries.of({"REMOTE_ADDR": "198.51.100.1"}) == "US"
    assert countries.of({"REMOTE_ADDR": "203.0.113.5"}) == ""
    assert countries.of({"REMOTE_ADDR": "2001:db8::1"}) == ""
    assert countries.of({"REMOTE_ADDR": "unix:"}) == ""
    assert countries.of({}) == ""


def test_the_header_goes_before_the_database(tmp_path: Path) -> None:
    (tmp_path / "geo.mmdb").write_bytes(mmdb({"192.0.2.0/24": "DE"}))
    countries = Countries(header="X-Country", geoip_file=str(tmp_path / "geo.mmdb"))
    assert countries.of({"REMOTE_ADDR": "192.0.2.77", "HTTP_X_COUNTRY": "FR"}) == "FR"
    assert countries.of({"REMOTE_ADDR": "192.0.2.77", "HTTP_X_COUNTRY": "?"}) == "DE"


def test_a_database_that_is_missing_or_broken_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ECRM_GEOIP_FILE: .*none\.mmdb can't be read"):
        Countries(geoip_file="none.mmdb", root=tmp_path)
    (tmp_path / "broken.mmdb").write_bytes(b"not a database")
    with pytest.raises(ValueError, match=r"ECRM_GEOIP_FILE: .*broken\.mmdb can't be read"):
        Countries(geoip_file="broken.mmdb", root=tmp_path)


def mmdb(countries: dict[str, str]) -> bytes:
    """A database in MaxMind's form (MaxMind DB File Format Specification 2.0) for IPv4 networks."""
    data, places = b"", {}
    for code in sorted(set(countries.values())):
        places[code] = len(data)
        data += _map({"country": _map({"iso_code": _text(code)})})
    nodes: list[list[int | str | None]] = [[None, None]]
    for network, code in countries.items():
        parsed = ipaddress.IPv4Network(network)
        bits, at = f"{int(parsed.network_address):032b}"[: parsed.prefixlen], 0
        for bit in bits[:-1]:
            following = nodes[at][int(bit)]
            if not isinstance(following, int):
                nodes.append([None, None])
                following = nodes[at][int(bit)] = len(nodes) - 1
            at = following
        nodes[at][int(bits[-1])] = code

    def record(value: int | str | None) -> bytes:
        if isinstance(value, str):
            value = len(nodes) + 16 + places[value]
        return (len(nodes) if value is None else value).to_bytes(3, "big")

    tree = b"".join(record(left) + record(right) for left, right in nodes)
    about = _map({
        "node_count": _number(6, len(nodes)), "record_size": _number(5, 24), "ip_version": _number(5, 4),
        "database_type": _text("Test-Country"), "languages": bytes([0, 4]), "description": _map({}),
        "binary_format_major_version": _number(5, 2), "binary_format_minor_version": _number(5, 0),
        "build_epoch": bytes([8, 2]) + struct.pack(">Q", 1_700_000_000),
    })  # fmt: skip
    return tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + about


def _map(items: dict[str, bytes]) -> bytes:
    return bytes([7 << 5 | len(items)]) + b"".join(_text(key) + value for key, value in items.items())


def _text(text: str) -> bytes:
    return bytes([2 << 5 | len(text)]) + text.encode()


def _number(kind: int, value: int) -> bytes:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([kind << 5 | len(raw)]) + raw
