"""Passwords: which are accepted, and Argon2id hashes of them.

Rules after NIST SP 800-63B: length counts, no demands on kinds of characters, no known or guessable ones.
Cost after the OWASP cheat sheet (19 MiB, 2 rounds): about 20 ms, so ask `throttle` before you hash.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..wording import gettext as _

SHORTEST = 12
LONGEST = 256
FEWEST_DIFFERENT = 5

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# The words that top every published list of stolen passwords; with digits or signs around them they are as weak.
_COMMON = """
    password passwort passw0rd motdepasse contrasena qwerty qwertyuiop qwertyuiopasdf azerty qwertz asdfghjkl
    zxcvbnm iloveyou iloveyouforever letmein letmeinplease welcome welcomeback admin administrator login changeme
    changemenow default secret topsecret supersecret trustnoone dragon monkey football baseball basketball superman
    batman spiderman starwars pokemon princess sunshine butterfly chocolate computer internet whatever freedom michael
    jennifer jessica michelle charlie jordan liverpool manchester chelsea arsenal hello helloworld hellohello test
    testing testtest guest master mustang shadow summer winter spring autumn january february october november
    december monday friday google facebook samsung shopping customer onlineshop correcthorsebatterystaple mypassword
    yourpassword thepassword newpassword passwordpassword mysecretpassword
"""
_COMMON_WORDS = frozenset(_COMMON.split())
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn", "01234567890123456789", "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "1q2w3e4r5t6y7u8i9o0p",
)  # fmt: skip
_LEET = str.maketrans("013457@$!", "oieastasi")


def weakness(password: str, *, about: Iterable[str] = ()) -> str | None:
    """Why a password isn't accepted, in words for its owner, or None where it is.

    Args:
        password: as typed.
        about: what a guesser knows of the person: names, e-mail address, the shop's name.
    """
    plain = _normal(password)
    if len(plain) < SHORTEST:
        return _(
            "Please use at least %(count)d characters; a few words in a row are easy to keep in mind.", count=SHORTEST
        )
    if len(plain) > LONGEST:
        return _("Please use at most %(count)d characters.", count=LONGEST)
    folded = plain.casefold()
    if len(set(folded)) < FEWEST_DIFFERENT or _is_repetition(folded):
        return _("This repeats the same characters. Please choose something less regular.")
    if _is_run(folded) or _is_common(folded):
        return _("This is one of the first passwords that guessers try. Please choose another.")
    if _is_personal(folded, about):
        return _("Please don't build it from your name, your e-mail address or the shop's name.")
    return None


def hash_password(password: str) -> str:
    """An Argon2id hash, in the form that names its own parameters."""
    return _hasher.hash(_normal(password))


def is_right(password: str, password_hash: str | None) -> bool:
    """Whether this is the password. Costs the same where there is no hash, so that time tells nothing."""
    try:
        _hasher.verify(password_hash or _nobodys_hash(), _normal(password)[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether a hash was made with other parameters than today's and should be made anew."""
    return _hasher.check_needs_rehash(password_hash)


def _normal(password: str) -> str:
    """One form for what keyboards and systems encode differently (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")


def _is_repetition(folded: str) -> bool:
    sizes = range(1, len(folded) // 2 + 1)
    return any(folded == (folded[:size] * (len(folded) // size + 1))[: len(folded)] for size in sizes)


def _is_run(folded: str) -> bool:
    """The whole is made of pieces of keyboard rows, the alphabet or the digits, forwards or backwards."""
    position = 0
    while position < len(folded):
        pieces = (folded[position:end] for end in range(len(folded), position + 3, -1))
        piece = next((piece for piece in pieces if any(piece in row or piece[::-1] in row for row in _ROWS)), "")
        if not piece:
            return False
        position += len(piece)
    return True


def _is_common(folded: str) -> bool:
    """Nothing but digits and signs, or a well-known word with such around it or in place of letters."""
    if not any(character.isalpha() for character in folded):
        return True
    core = folded.strip("0123456789!?.#*-_ ")
    words = {re.sub(r"[\W\d_]", "", folded), re.sub(r"[\W\d_]", "", core.translate(_LEET))} - {""}
    return any(word in _COMMON_WORDS or len(word) < 3 or _is_repetition(word) for word in words)


def _is_personal(folded: str, about: Iterable[str]) -> bool:
    """Taking the known words away leaves hardly anything to guess."""
    rest = folded
    known = {part for text in about for part in re.split(r"[^\w]+", text.casefold()) if len(part) >= 3}
    for part in sorted(known, key=len, reverse=True):
        rest = rest.replace(part, "")
    return rest != folded and len(re.sub(r"[\W\d_]", "", rest)) < FEWEST_DIFFERENT
