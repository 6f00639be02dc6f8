"""Where to go after signing in: a path of this shop, never another site."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

LONGEST = 2000


def safe_path(wanted: str | None, *, otherwise: str) -> str:
    """`wanted` where it is a plain absolute path of this host, else `otherwise`.

    Browsers read `//host`, `/\\host`, tabs and line ends in ways of their own, and a proxy may decode once more;
    so everything that isn't plainly a path is refused, in the form given and decoded.
    """
    if not wanted or len(wanted) > LONGEST:
        return otherwise
    decoded = unquote(unquote(wanted))
    return wanted if _is_plain(wanted) and _is_plain(decoded) else otherwise


def _is_plain(text: str) -> bool:
    if not text.startswith("/") or text[1:2] in {"/", "\\"} or "\\" in text:
        return False
    if any(ord(character) <= 32 or 127 <= ord(character) < 160 for character in text.split("?", 1)[0]):
        return False
    if any(ord(character) < 32 for character in text):
        return False
    if any(part in {".", ".."} for part in text.split("?", 1)[0].split("/")) or "//" in text.split("?", 1)[0]:
        return False
    parts = urlsplit(text)
    return not parts.scheme and not parts.netloc
