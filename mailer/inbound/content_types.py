"""What a file is by its first bytes, whatever its name or its sender says."""

from __future__ import annotations

import re

OTHER = "application/octet-stream"
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/heic", "image/bmp", "image/tiff"})
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"), (b"BM", "image/bmp"), (b"II*\x00", "image/tiff"), (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"), (b"PK\x03\x04", "application/zip"), (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"), (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"), (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-executable"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"ID3", "audio/mpeg"), (b"OggS", "audio/ogg"), (b"fLaC", "audio/flac"),
)  # fmt: skip
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
_RISKY = re.compile(rb"<(?:!doctype|html|svg|script|\?xml|body|iframe)", re.IGNORECASE)
_ACTIVE = ("html", "svg", "xml", "javascript", "ecmascript", "x-shockwave", "x-msdownload", "hta")


def of_content(content: bytes) -> str:
    """The type that the first bytes show; "text/plain" for text without markup, `OTHER` for what isn't known here."""
    head = content[:512]
    for signature, found in _SIGNATURES:
        if head.startswith(signature):
            return found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return "image/heic" if head[8:12] in {b"heic", b"heix", b"mif1", b"heif", b"hevc"} else "video/mp4"
    if not head or b"\x00" in head or _RISKY.search(content[:4096]):
        return OTHER
    try:
        content[:4096].decode("utf-8")
    except UnicodeDecodeError as broken:
        if broken.start < min(len(content), 4096) - 4:
            return OTHER
    return "text/plain"


def kept_type(content: bytes, said: str) -> str:
    """By content, where that says more than "some bytes" or "some text"; else what was said, unless a browser would run
    it. Documents in ZIP files keep their own name, as every one of them is a ZIP."""
    shown, named = of_content(content), said.strip().lower()
    if not _TYPE.fullmatch(named) or (any(word in named for word in _ACTIVE) and "openxml" not in named):
        named = OTHER
    if shown in {OTHER, "text/plain"}:
        return OTHER if named in PICTURES else (named if named != OTHER else shown)
    if shown in {"application/zip", "application/x-ole-storage"} and named.startswith("application/"):
        return named if named != OTHER else shown
    return shown
