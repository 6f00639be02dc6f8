"""How e-mails look: nothing is cut off on a small phone, and dark mailboxes get dark e-mails that can be read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from ecrm.installation import installation
from ecrm.mail_gallery import gallery

pytestmark = pytest.mark.browser

MEASURE = """() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map((one) => one / 255)
      .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const pale = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility()) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
    if ((one + 0.05) / (other + 0.05) < 4.5) pale.push(node.data.trim().slice(0, 40));
  }
  return {wide: document.documentElement.scrollWidth, pale, dark: light(ground(document.body)) < 0.1};
}"""


@pytest.fixture
def mails(app: Flask, shop_data: dict[str, int]) -> dict[str, str]:
    """Every e-mail that the shop can write, by name."""
    with app.app_context():
        written = {name: words.html for name, words in gallery(installation(app), now=datetime.now(UTC))}
    assert len(written) >= 15
    return written


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 375, 700])
def test_every_mail_fits_and_can_be_read(
    browser: Browser, mails: dict[str, str], tmp_path: Path, width: int, scheme: str
) -> None:
    page: Page = browser.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)  # type: ignore[arg-type]
    problems = []
    for name, html in mails.items():
        page.set_content(html)
        seen = page.evaluate(MEASURE)
        if seen["wide"] > width:
            problems.append(f"{name}: {seen['wide']} wide")
        if seen["pale"]:
            problems.append(f"{name}: too pale: {seen['pale']}")
        if seen["dark"] != (scheme == "dark"):
            problems.append(f"{name}: its ground isn't {scheme}")
    page.close()
    assert problems == []
