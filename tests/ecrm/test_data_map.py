"""The map of personal data: a row of every table that may hold something of a person is taken home and erased.

Each text, JSON and binary column gets a mark of its own. What stays or isn't taken home is declared below with its
reason: whoever adds a table or a column that is neither taken home nor erased meets this test.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Table, func, insert, select

from ecrm.access.audit import at_command_line
from ecrm.erasing import erase_mail
from ecrm.installation import Installation
from ecrm.keeping import erase_events
from ecrm.own_page.taking_home import taken_home
from ecrm.tables import METADATA

ADDRESS = "mkada@example.org"
AT = datetime.now(UTC) - timedelta(days=3)

_COUNTS = "counts and sums of all visitors; a row of one of them can't be told"
_RULES = "what staff set up"
_RUNS = "how the CRM's own work went"
IMPERSONAL: dict[str, str] = {
    **dict.fromkeys(
        (
            "ecrm_audience", "ecrm_audience_day", "ecrm_bot_day", "ecrm_channel_weight", "ecrm_cohort_month",
            "ecrm_credit_day", "ecrm_day_figures", "ecrm_flow_day", "ecrm_page", "ecrm_page_day", "ecrm_product_day",
            "ecrm_recommended_day", "ecrm_refinement_day", "ecrm_search_report_day", "ecrm_sheet", "ecrm_source",
            "ecrm_term", "ecrm_term_day", "ecrm_timing_day", "ecrm_write_key_day", "ecrm_experiment_turn",
            "ecrm_experiment_allocation",
        ),
        _COUNTS,
    ),
    **dict.fromkeys(
        (
            "ecrm_campaign", "ecrm_campaign_code", "ecrm_contact_list", "ecrm_experiment", "ecrm_flow_setting",
            "ecrm_goods_cost", "ecrm_mailing", "ecrm_mailing_variant", "ecrm_note", "ecrm_postcode",
            "ecrm_product_key", "ecrm_product_label", "ecrm_recommendation_rule", "ecrm_recommendation_slot",
            "ecrm_relationship_policy", "ecrm_segment", "ecrm_service_point", "ecrm_supply", "ecrm_team",
            "ecrm_case_target", "ecrm_cost_entry", "ecrm_macro", "ecrm_routing_example", "ecrm_routing_rule",
            "ecrm_write_key",
        ),
        _RULES,
    ),
    **dict.fromkeys(
        (
            "ecrm_archived_part", "ecrm_dropped_file", "ecrm_forgotten_day", "ecrm_job_run", "ecrm_mail_pace",
            "ecrm_mail_pause", "ecrm_model", "ecrm_rehearsal", "ecrm_relationship_run", "ecrm_worth_run",
        ),
        _RUNS,
    ),
    "ecrm_agent": "staff, not customers",
    "ecrm_audit": "who of the staff looked at whom: the proof for the customer; it names them by a number alone",
    "ecrm_inbox": "the collector's raw messages, counted and gone within seconds (job digest)",
    "ecrm_upload": "a file between its dry run and its entry; a day at most (job tidy)",
    "ecrm_carrier_message": "what a carrier said of a number that no parcel has yet; 30 days at most",
}  # fmt: skip

WORDS: dict[str, Any] = {
    "name": "Order Completed", "currency": "EUR", "country": "DE", "region": "DE", "language": "en", "channel": "email",
    "direction": "in", "topic": "offers", "template": "case_reply", "device": "phone", "deed": "open", "zone": "UTC",
    "model": "shapley", "state": "done", "status": "delivered", "kind": "other", "how": "form", "what": "note",
    "arm": "a", "variant": "a", "reason": "", "source": "test", "strategy": "bought", "placement": "home",
    "outcome": "answered", "cell": "few_few", "choice": "no", "rfm_group": "A", "flow": "cart", "cause": "c",
    "origin": "o", "delayed_why": "", "service": "", "delivery_method": "standard", "payment_method": "invoice",
    "content_type": "text/plain", "order_reference": "O-1", "product": "1", "carrier": "DHL", "field": "cc",
    "stands": True, "why": "none", "heard_from": "friends", "machine": "",
}  # fmt: skip
"""What columns hold that hold one of few words: they say nothing that leads to a person."""

HASHED = sha256(ADDRESS.encode()).hexdigest()
SAME = {
    ("ecrm_order", "reference"): "O-1", ("ecrm_customer", "reference"): "7", ("ecrm_checkout_memory", "account"): "7",
    ("ecrm_recall_link", "address"): HASHED,
}  # fmt: skip
"""Columns that name the same thing as another table's."""


class Marks:
    """A mark for each column: short, and found again wherever it goes."""

    def __init__(self, first: str = "mk") -> None:
        self.first = first
        self.of: dict[str, str] = {}

    def make(self, table: Table, column: Column[Any]) -> str:
        mark = f"{self.first}{len(self.of):03d}q"
        self.of[f"{table.name}.{column.name}"] = mark
        return mark


def filled(plugin: Installation) -> tuple[int, Marks]:
    """A row in every table that isn't `IMPERSONAL`, each joined to the same person."""
    marks, others, ids = Marks(), Marks("no"), dict[str, dict[str, Any]]()
    needed = {table.name for table in METADATA.sorted_tables if table.name not in IMPERSONAL}
    parents = {
        key.column.table.name
        for table in METADATA.sorted_tables
        if table.name in needed
        for key in table.foreign_keys
    }  # fmt: skip
    with plugin.sessions.begin() as session:
        for table in METADATA.sorted_tables:
            if table.name not in needed | parents:
                continue
            row = {
                column.name: value(table, column, ids, marks if table.name in needed else others)
                for column in table.columns
            }
            if table.name == "ecrm_attachment_content":
                digest = row["digest"]
            if table.name == "ecrm_case_attachment":
                row["digest"] = digest
            session.execute(insert(table), [row])
            ids[table.name] = row
    return int(ids["ecrm_customer"]["id"]), marks


def value(table: Table, column: Column[Any], ids: dict[str, dict[str, Any]], marks: Marks) -> Any:
    """What the person's row holds there."""
    key = next(iter(column.foreign_keys), None)
    if key is not None:
        other = key.column
        if other.table is table or other.table.name not in ids:
            return None
        return ids[other.table.name][other.name]
    kind = column.type
    if isinstance(kind, sa.JSON) or type(kind).__name__ == "JSON":
        return {"said": marks.make(table, column)}
    if isinstance(kind, sa.LargeBinary):
        return marks.make(table, column).encode()
    if isinstance(kind, sa.String):
        named = (table.name, column.name)
        if "folded" in column.name and column.name not in {"serial_folded", "name_folded", "phone_folded"}:
            return ADDRESS if marks.first == "mk" else "no@example.com"
        if column.name in {"email", "address", "from_address", "to_address"} and (kind.length or 999) >= 100:
            return ADDRESS if marks.first == "mk" else "no@example.com"
        if named in SAME:
            return SAME[named]
        if column.name in WORDS and (column.name != "name" or table.name == "ecrm_event"):
            return WORDS[column.name]
        return marks.make(table, column)
    if isinstance(kind, sa.Boolean):
        return column.name in {"stands", "given"}
    if isinstance(kind, sa.Date):
        return date(2026, 1, 5)
    if isinstance(kind, sa.Float):
        return 1.0
    if isinstance(kind, sa.Integer):
        return 1
    return None if column.nullable and column.name not in {"joined_at"} else AT


def where_it_stands(plugin: Installation, marks: Marks) -> set[str]:
    """Every column in which a mark or the address is found, wherever it came from."""
    wanted, found = [*marks.of.values(), ADDRESS, HASHED], set()
    with plugin.sessions() as session:
        for table in METADATA.sorted_tables:
            for row in session.execute(select(table)):
                for column, held in zip(table.columns, row, strict=True):
                    text = held.decode("latin-1") if isinstance(held, bytes) else str(held)
                    if any(mark in text for mark in wanted):
                        found.add(f"{table.name}.{column.name}")
    return found


_ACCOUNT = "the shop's account: it decides how long the law wants it, and tells when it is gone"
_BOOKS = "orders, parcels and returns are the shop's books; the order's number leads to a person in the shop alone"
_STAFF = "which of the staff did it"
_NUMBER = "a number or code of its own, made of nothing that leads to a person"
_GOODS = "what goods are called"
KEPT: dict[str, str] = {
    **dict.fromkeys(
        (
            "ecrm_customer.email", "ecrm_customer.email_folded", "ecrm_customer.first_name", "ecrm_customer.last_name",
            "ecrm_customer.name_folded", "ecrm_customer.phone", "ecrm_customer.phone_folded", "ecrm_customer.traits",
            "ecrm_customer_email.folded",
        ),
        _ACCOUNT,
    ),
    **dict.fromkeys(
        (
            "ecrm_order.codes", "ecrm_refund.reference", "ecrm_return.reference", "ecrm_return.refund_reference",
            "ecrm_shipment.reference", "ecrm_shipment.tracking_number", "ecrm_event.message_id",
        ),
        _BOOKS,
    ),
    **dict.fromkeys(
        (
            "ecrm_call.staff_id", "ecrm_call.staff_name", "ecrm_case.owner", "ecrm_case_message.author_name",
            "ecrm_case_message.staff_id", "ecrm_case_step.staff_id", "ecrm_case_step.staff_name",
            "ecrm_product_answer.staff_id", "ecrm_review.moderated_by", "ecrm_warranty_request.changed_by",
            "ecrm_email.from_address", "ecrm_email.from_name",
        ),
        _STAFF,
    ),
    **dict.fromkeys(
        (
            "ecrm_case.reference", "ecrm_consent_choice.wording", "ecrm_email.claimed_by", "ecrm_email.dedup_key",
            "ecrm_email.message_id", "ecrm_inbound_mail.dedup_key", "ecrm_mail_report.dedup_key", "ecrm_reaction.name",
        ),
        _NUMBER,
    ),
    **dict.fromkeys(
        (
            "ecrm_order_line.name", "ecrm_return_line.name", "ecrm_shipment_line.name", "ecrm_unit.name",
            "ecrm_unit.serial_folded", "ecrm_unit.serial_number",
        ),
        _GOODS,
    ),
    "ecrm_engagement.link": "a mailing's counts; neither contact nor e-mail lead to anybody any more",
}  # fmt: skip
"""What is left in the database after an erasure."""

_MACHINE = "of use to machines alone, made of what is taken home"
_MAILED = "in their mailbox; letters hold links that prove it, which an account may only have named"
_LETTERS = "the case that it became is taken home; it is kept as it came for a few days, to be read again"
NOT_TAKEN_HOME: dict[str, str] = {
    **dict.fromkeys(
        (
            "ecrm_call.staff_id", "ecrm_call.staff_name", "ecrm_case.owner", "ecrm_case_message.staff_id",
            "ecrm_case_step.staff_id", "ecrm_case_step.staff_name", "ecrm_claim_change.changed_by",
            "ecrm_customer_note.staff_id", "ecrm_offer_made.staff_id", "ecrm_offer_made.staff_name",
            "ecrm_product_answer.staff_id", "ecrm_review.moderated_by", "ecrm_review.reply_by",
            "ecrm_warranty_request.changed_by", "ecrm_email.from_name",
        ),
        _STAFF,
    ),
    **dict.fromkeys(
        (
            "ecrm_attachment_content.digest", "ecrm_call.external_id", "ecrm_case_attachment.digest",
            "ecrm_case_message.in_reply_to", "ecrm_case_message.message_id", "ecrm_case_word.word",
            "ecrm_consent_choice.wording", "ecrm_customer.name_folded", "ecrm_customer.phone_folded",
            "ecrm_email.claimed_by", "ecrm_email.content", "ecrm_email.dedup_key", "ecrm_email.last_error",
            "ecrm_email.message_id", "ecrm_event.message_id", "ecrm_mail_report.dedup_key", "ecrm_reaction.last_error",
            "ecrm_reaction.name", "ecrm_recall_link.browser", "ecrm_recall_link.dedup_key", "ecrm_shipment.reference",
            "ecrm_shipment.token", "ecrm_suppression.address_hash", "ecrm_unit.serial_folded", "ecrm_visitor.token",
        ),
        _MACHINE,
    ),
    **dict.fromkeys(("ecrm_email.html", "ecrm_email.text"), _MAILED),
    **dict.fromkeys(
        (
            "ecrm_inbound_mail.dedup_key", "ecrm_inbound_mail.raw", "ecrm_inbound_mail.recipient",
            "ecrm_inbound_mail.subject",
        ),
        _LETTERS,
    ),
    "ecrm_attachment_content.content": "their files are named; the desk sends one on request",
    "ecrm_case_message.html": "the same words as the text",
    "ecrm_email.to_name": "a guest may have ordered under their address with another name",
    "ecrm_case_step.detail": "how the desk works on a case: from whom to whom, by which rule",
}  # fmt: skip
"""What a customer doesn't find in `/me/data.json`."""


def erase(plugin: Installation) -> None:
    with plugin.app.app_context():
        erase_events(plugin, ADDRESS, reason="asked", staff=at_command_line())
        erase_mail(plugin, ADDRESS, reason="asked", staff=at_command_line())


def test_whatever_is_kept_of_a_person_after_an_erasure_is_declared_with_its_reason(plugin: Installation) -> None:
    _person, marks = filled(plugin)
    assert len(where_it_stands(plugin, marks)) > 100
    erase(plugin)
    assert where_it_stands(plugin, marks) == set(KEPT)


def test_whatever_is_held_of_a_person_is_taken_home_or_declared_with_its_reason(plugin: Installation) -> None:
    person, marks = filled(plugin)
    with plugin.sessions() as session:
        home = json.dumps(taken_home(session, person))
    missing = {column for column, mark in marks.of.items() if mark not in home}
    assert missing == set(NOT_TAKEN_HOME)


def test_every_table_is_on_the_map_once(plugin: Installation) -> None:
    tables = {table.name for table in METADATA.sorted_tables}
    assert set(IMPERSONAL) <= tables
    _person, _marks = filled(plugin)
    with plugin.sessions() as session:
        empty = {
            table.name
            for table in METADATA.sorted_tables
            if table.name not in IMPERSONAL and not session.scalar(select(func.count()).select_from(table))
        }
    assert empty == set()
