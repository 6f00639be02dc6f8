"""The description of the JSON endpoints: complete, valid, and kept by what is described.

A short form of `make api-fuzz`; FUZZ=500 sets the number of made-up requests an operation.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import CHECKS

from ecrm.collector.openapi import document
from ecrm.collector.write_keys import SERVER, create
from ecrm.installation import installation
from tests.conftest import NOW

CASES = int(os.environ.get("FUZZ", "8"))
NOT_APPLIED = {
    # JSON Schema can't say "not older than a year", "at most 12 deep" or "at most 64 bits".
    "positive_data_acceptance",
}
JSON_ENDPOINTS = ("collector.", "health.", "ecrm.seen")


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"ECRM_COLLECTOR_PACE": 0, "PROPAGATE_EXCEPTIONS": False}


def test_every_json_endpoint_is_described(app: Flask) -> None:
    described = {rule for operations in [document(app)["paths"]] for rule in operations}
    missing = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        names = view.__code__.co_names if hasattr(view, "__code__") else ()
        speaks_json = rule.endpoint.startswith(JSON_ENDPOINTS) or "jsonify" in names
        if speaks_json and rule.rule.replace("<", "{").replace(">", "}") not in described:
            missing.append(f"{rule.endpoint} {rule.rule}")
    assert missing == [], "describe them in ecrm/collector/openapi.py, or with `describe`"


def test_the_description_is_openapi(app: Flask) -> None:
    description = app.test_client().get("/v1/openapi.json").get_json()
    assert description["openapi"] == "3.1.0"
    for name, schema in description["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid(schema), name
    schemathesis.openapi.from_dict(description).validate()


@pytest.mark.timeout(3600)
def test_what_is_described_holds_for_made_up_requests(app: Flask, shop_data: dict[str, int]) -> None:
    assert shop_data
    crm = installation(app)
    with crm.sessions.begin() as session:
        _row, key = create(session, name="fuzz", kind=SERVER, by="", now=NOW)
    schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", app)
    checks = [check for check in CHECKS.get_all() if check.__name__ not in NOT_APPLIED]
    failures = []
    for operation in _operations(schema):
        auth = (key, "") if operation.definition.raw.get("security") else None
        try:
            _try(operation, checks, auth)
        except Exception as error:
            failures.append(f"{operation.label}: {error!r} {_said(error)}"[:3000])
    assert failures == [], "\n".join(failures)
    assert crm.writer.flush()
    assert crm.writer.figures.refused == 0


def _operations(schema: Any) -> Iterator[Any]:
    for result in schema.get_all_operations():
        yield result.ok()


def _try(operation: Any, checks: list[Any], auth: tuple[str, str] | None) -> None:
    @given(case=operation.as_strategy())
    @hypothesis_settings(
        max_examples=CASES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def try_it(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=checks, auth=auth)

    try_it()


def _said(error: Exception) -> str:
    return " | ".join(str(one) for one in getattr(error, "exceptions", ()))
