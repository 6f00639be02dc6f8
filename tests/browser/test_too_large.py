"""A form that is larger than its page takes is said before it is sent, and nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def a_file(size: int) -> FilePayload:
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff" + b"0" * size}


def test_too_large_a_picture_is_said_at_once_and_the_words_stay(visit: Callable[..., Page], server: str) -> None:
    page = visit(PHONE)
    page.goto(f"{server}/ecrm/contact")
    page.get_by_label("Your message").fill("It arrived in pieces.")
    page.get_by_label("Your e-mail address").fill("kim@example.com")
    page.get_by_label("What is it about?").select_option("complaint")
    files = page.locator('input[type="file"]')
    files.set_input_files([a_file(9_000_000)])
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("This has 9 MB, and we can take 8 MB at once")
    page.get_by_role("button", name="Send").click()
    expect(alert).to_be_visible()
    assert page.get_by_label("Your message").input_value() == "It arrived in pieces."
    files.set_input_files([a_file(1000)])
    expect(alert).to_have_count(0)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("You get an answer by e-mail")
