"""The documents can't fall behind: every setting, command and target they should name is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

import ecrm.config
import shop.config

ROOT = Path(__file__).resolve().parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("setting", [*shop.config.SETTINGS, *ecrm.config.SETTINGS], ids=lambda setting: setting.key)
def test_every_setting_is_described_with_its_default_and_meaning(
    setting: shop.config.Setting | ecrm.config.Setting,
) -> None:
    row = f"| `{setting.key}` | `{setting.default!r}` | {setting.meaning} |"
    assert row in read("CONFIGURATION.md"), f"CONFIGURATION.md lacks or differs from:\n{row}"


def test_no_document_describes_a_setting_that_does_not_exist() -> None:
    known = {setting.key for setting in (*shop.config.SETTINGS, *ecrm.config.SETTINGS)}
    for name in ("README.md", "CONFIGURATION.md", "EMBEDDING.md", "SECURITY.md", "CONTRIBUTING.md"):
        assert set(re.findall(r"\b(?:SHOP|ECRM)_[A-Z_]+[A-Z]\b", read(name))) <= known, name


def test_every_command_is_described(app: Flask) -> None:
    for group in ("shop", "ecrm"):
        for command in app.cli.commands[group].commands:  # type: ignore[attr-defined]
            assert f"flask {group} {command}" in read("README.md") + read("CONFIGURATION.md"), (group, command)


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    for path in ROOT.glob("*.md"):
        assert set(re.findall(r"`make ([a-z-]+)", path.read_text())) <= targets, path.name
