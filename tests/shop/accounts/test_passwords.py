"""Which passwords are accepted, and what their hashes hold."""

from __future__ import annotations

import time
import unicodedata

import pytest
from flask import Flask

from shop.accounts import passwords

GOOD = [
    "violet kettle marches north",
    "tr0ubled-Waters-Rise",
    "Zwölf Boxkämpfer jagen",
    "гречневая каша с маслом",
    "q9!vLm2#xT7p",
]
TOO_SHORT = ["", "a", "short", "elevenchars"]
REPEATED = ["aaaaaaaaaaaa", "abababababab", "abcabcabcabc", "111111111111", "xyzwxyzwxyzw"]
GUESSED = [
    "password1234", "Password2026!", "P@ssw0rd123!", "qwertyuiopas", "123456789012", "abcdefghijkl", "1q2w3e4r5t6y",
    "letmein12345", "iloveyou2024", "qwerty123456", "welcome12345!", "987654321098", "Summer2026!!", "trustnoone12",
    "changemenow1", "correcthorsebatterystaple", "zyxwvutsrqpo", "02031985!!12",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _words(app: Flask) -> object:
    with app.test_request_context():
        yield


@pytest.mark.parametrize("password", GOOD)
def test_long_passwords_of_any_kind_of_characters_are_accepted(password: str) -> None:
    assert passwords.weakness(password) is None


@pytest.mark.parametrize("password", TOO_SHORT)
def test_a_short_password_is_refused_with_the_length_that_is_needed(password: str) -> None:
    assert "12" in str(passwords.weakness(password))


@pytest.mark.parametrize("password", REPEATED)
def test_repetitions_are_refused(password: str) -> None:
    assert "repeats" in str(passwords.weakness(password)) or "guessers" in str(passwords.weakness(password))


@pytest.mark.parametrize("password", GUESSED)
def test_what_guessers_try_first_is_refused(password: str) -> None:
    assert passwords.weakness(password) is not None


@pytest.mark.parametrize("password", ["ada.byron1815", "AdaByron2026!", "corner-shop-ada", "ada@example.com"])
def test_what_is_built_from_the_person_or_the_shop_is_refused(password: str) -> None:
    about = ("ada@example.com", "Ada", "Byron", "Corner Shop")
    assert passwords.weakness(password, about=about) is not None


def test_an_endless_password_is_refused_before_it_costs_anything() -> None:
    # the estimate grows faster than the length: of fifteen million characters it would not end in this suite's time
    assert "256" in str(passwords.weakness("unlikely words " * 1_000_000))


def test_a_hash_verifies_only_its_own_password() -> None:
    made = passwords.hash_password("violet kettle marches north")

    assert made.startswith("$argon2id$")
    assert passwords.is_right("violet kettle marches north", made)
    assert not passwords.is_right("violet kettle marches south", made)
    assert made != passwords.hash_password("violet kettle marches north")


def test_the_same_password_from_another_keyboard_is_the_same() -> None:
    composed, decomposed = "caf\u00e9 au lait s'il vous plait", "cafe\u0301 au lait s'il vous plait"
    assert passwords.is_right(decomposed, passwords.hash_password(composed))


def test_no_account_and_a_broken_hash_are_wrong_without_an_error() -> None:
    assert not passwords.is_right("violet kettle marches north", None)
    assert not passwords.is_right("nobody has this password", None)
    assert not passwords.is_right("violet kettle marches north", "not a hash")


def test_an_unknown_account_costs_the_same_work_as_a_wrong_password() -> None:
    made = passwords.hash_password("violet kettle marches north")
    passwords.is_right("warm up", None)

    def cost(password_hash: str | None) -> float:
        times = []
        for _round in range(5):
            started = time.perf_counter()
            passwords.is_right("a wrong guess, that is", password_hash)
            times.append(time.perf_counter() - started)
        return min(times)

    assert 0.4 < cost(None) / cost(made) < 2.5


def test_hashes_of_other_parameters_are_made_anew() -> None:
    assert not passwords.is_outdated(passwords.hash_password("violet kettle marches north"))
    assert passwords.is_outdated(
        "$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$K9d2Vt0jVyvHfVSoNdFBnJ2Iiq8HjCYOPmNgPqpVCcE"
    )


@pytest.mark.parametrize("letters", ["étude à la carte", "한국어 단어", "Zwölf Böcke"])
def test_an_accepted_password_works_however_its_letters_are_encoded(letters: str) -> None:
    password = unicodedata.normalize("NFD", " ".join(f"{letters} {number}" for number in range(100)))
    while passwords.weakness(password) is not None:
        password = password[:-1]
    assert len(password) != len(unicodedata.normalize("NFKC", password))
    kept = passwords.hash_password(password)
    assert passwords.is_right(password, kept)
    assert passwords.is_right(unicodedata.normalize("NFKC", password), kept)
    assert not passwords.is_right(password[:-3], kept)
