"""Settings: what is mistyped is refused at the start, with the words that help."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Config

from ecrm.config import SETTINGS, apply_defaults


def read(**values: Any) -> Config:
    config = Config(".", values)
    apply_defaults(config)
    return config


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("ECRM_JOBS", "inisde", "ECRM_JOBS must be inside or outside, not 'inisde'"),
        ("ECRM_JOBS", "", "inside or outside"),
        ("ECRM_MAIL_TRANSPORT", "SMTP", "folder or smtp or memory"),
        ("ECRM_SMTP_SECURITY", "ssl", "none or starttls or tls"),
        ("ECRM_REACT_INLINE", "flase", "ECRM_REACT_INLINE must be true or false"),
        ("ECRM_SMTP_PORT", "smtp", "whole number"),
        ("ECRM_CALL_LINK", "javascript:alert({number})", "ECRM_CALL_LINK must be tel"),
        ("ECRM_CALL_LINK", "sip:pbx", "with {number}"),
        ("ECRM_JOB", "inside", "unknown setting ECRM_JOB"),
    ],
)
def test_a_mistyped_setting_stops_the_start_and_says_what_it_may_be(key: str, value: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read(**{key: value})


def test_the_collector_takes_nothing_older_than_is_kept() -> None:
    with pytest.raises(ValueError, match=r"ECRM_COLLECTOR_DAYS \(395\) must not exceed ECRM_KEEP_EVENTS_DAYS \(90\)"):
        read(ECRM_KEEP_EVENTS_DAYS="90")
    assert read(ECRM_KEEP_EVENTS_DAYS="90", ECRM_COLLECTOR_DAYS="90")["ECRM_COLLECTOR_DAYS"] == 90


def test_every_allowed_value_and_every_default_is_accepted() -> None:
    defaults = read()
    for setting in SETTINGS:
        assert defaults[setting.key] == setting.default
        for value in setting.allowed:
            assert read(**{setting.key: value})[setting.key] == value


@pytest.mark.parametrize(("value", "read_as"), [("0", False), ("No", False), ("true", True), (" on ", True)])
def test_a_switch_reads_the_words_of_an_environment(value: str, read_as: bool) -> None:
    assert read(ECRM_REACT_INLINE=value)["ECRM_REACT_INLINE"] is read_as
