"""npm's Segment and RudderStack SDKs for servers against the collector."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import Collected

pytestmark = pytest.mark.timeout(300)

SEGMENT = """
const { Analytics } = require('@segment/analytics-node');
const client = new Analytics({ writeKey: KEY, host: BASE });
client.on('error', (error) => { console.error(error); process.exitCode = 1; });
CALLS
client.closeAndFlush({ timeout: 20000 });
"""
RUDDERSTACK = """
const Analytics = require('@rudderstack/rudder-sdk-node');
const client = new Analytics(KEY, { dataPlaneUrl: BASE, flushAt: 20 });
CALLS
const end = (error) => { if (error) console.error(error); process.exit(error ? 1 : 0); };
setTimeout(() => client.flush(end), 1500);
"""
CALLS = """
client.identify({ userId: 'u-1', traits: { email: 'kim@example.com', firstName: 'Kim' } });
client.track({ userId: 'u-1', event: 'Product Viewed', properties: { product_id: '507f1f77' } });
client.page({ userId: 'u-1', name: 'Docs', properties: { url: 'https://shop.example.com/docs' } });
client.screen({ userId: 'u-1', name: 'Home' });
client.group({ userId: 'u-1', groupId: 'g-1' });
client.alias({ previousId: 'b-2', userId: 'u-1' });
for (let number = 0; number < 60; number += 1)
  client.track({ anonymousId: 'b-1', event: 'Lamp Lit', properties: { number } });
"""


@pytest.mark.parametrize("sdk", [SEGMENT, RUDDERSTACK], ids=["segment", "rudderstack"])
def test_every_call_arrives_complete(
    node_modules: Path, base: str, keys: dict[str, str], collected: Collected, sdk: str
) -> None:
    program = f"const KEY = '{keys['server']}', BASE = '{base}';" + sdk.replace("CALLS", CALLS)
    done = subprocess.run(
        ["node", "-e", program], check=False, cwd=node_modules, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found = collected(66)
    assert sorted(event.properties["number"] for event in found if event.name == "Lamp Lit") == list(range(60))
    assert {event.name for event in found} == {
        "Identified", "Product Viewed", "Page Viewed", "Screen Viewed", "Group Joined", "Aliased", "Lamp Lit",
    }  # fmt: skip
    assert len(found) == 66
