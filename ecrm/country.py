"""Which country a request comes from, where the operator configured a way to know; no address is ever stored.

Either a header that the operator's proxy or CDN sets, or a GeoIP database on the operator's disk (`.mmdb`; MaxMind's
GeoLite2 and DB-IP's are of this form). A header comes from whoever speaks to the shop, so it counts only when it is
configured, and only makes sense behind a proxy that overwrites it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

_CODE = re.compile(r"[A-Za-z]{2}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# Cloudflare's "not known", and ISO 3166's user-assigned codes that GeoIP databases use for the same.
_UNKNOWN = frozenset({"XX", "ZZ"})


class Countries:
    """Answers with two letters (ISO 3166-1), or "" where nothing is known.

    Raises:
        ValueError: at the start, for a header that is none, a file that isn't there or isn't a country database, or
            where the package that reads it is missing.
    """

    def __init__(self, *, header: str = "", geoip_file: str = "", root: Path = Path()) -> None:
        if header and not _HEADER.fullmatch(header):
            raise ValueError(f"ECRM_COUNTRY_HEADER must be a header's name, e.g. CF-IPCountry, not {header!r}")
        self._key = "HTTP_" + header.upper().replace("-", "_") if header else ""
        # Kept in this process' memory alone, where the request has it anyhow: a look-up costs more than a page may.
        self._at = lru_cache(maxsize=4096)(_reader(root / geoip_file)) if geoip_file else None

    def of(self, environ: Mapping[str, Any]) -> str:
        """The country of a WSGI request; the header goes before the database."""
        if self._key and (found := _letters(environ.get(self._key))):
            return found
        return self._at(environ.get("REMOTE_ADDR", "")) if self._at is not None else ""


def _reader(file: Path) -> Any:
    try:
        import maxminddb  # an extra (`geoip`): most shops have a header or no need
    except ImportError:
        raise ValueError("ECRM_GEOIP_FILE needs the package maxminddb: install flask-ecrm[geoip]") from None
    try:
        database = maxminddb.open_database(str(file))
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise ValueError(f"ECRM_GEOIP_FILE: {file} can't be read as a .mmdb file ({error})") from None

    def country_at(address: str) -> str:
        try:
            found = database.get(address)
        except ValueError:  # no address (a Unix socket's peer), or IPv6 in a database of IPv4
            return ""
        country = found.get("country") or found.get("registered_country") if isinstance(found, dict) else None
        return _letters(country.get("iso_code")) if isinstance(country, dict) else ""

    return country_at


def _letters(text: object) -> str:
    """Two letters; whatever else a header may hold is nothing."""
    if not isinstance(text, str) or not _CODE.fullmatch(text):
        return ""
    code = text.upper()
    return "" if code in _UNKNOWN else code
