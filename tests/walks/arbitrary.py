"""What the tests of bad input send: every form's fields, every list's parameters, and texts of all kinds."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from shop.catalog.product import Product
from shop.checkout.order import Order
from shop.database import db
from tests.conftest import NOW
from tests.shop.browsing import be, token
from tests.walks.arbitrary_customer import ON_A_CUSTOMERS_PAGE

_ADDRESS = ("name", "line1", "line2", "city", "postcode", "region", "country", "phone")
_PROFILE = ("first_name", "last_name", "phone", "household", "children", "interests", "birthday")
_LINE = ("product_id", "quantity", "saved", "next")
_CAMPAIGN = (
    "name", "channel", "code", "first_day", "last_day", "budget", "reached", "vanity", "landing_path", "codes", "note",
)  # fmt: skip
_SEGMENT_RULES = (
    "name", "deed", "version", "r.0.group", "r.0.0.is", "r.0.0.number", "r.0.0.days", "new.0",
)  # fmt: skip
_ARGUMENT = re.compile(r"<(?:[^<>]*:)?(\w+)>")

FIELDS: dict[str, tuple[str, ...]] = {
    "cart.add": _LINE,
    "cart.old_enough": ("age", "next"),
    "cart.change": _LINE,
    "cart.remove": ("product_id",),
    "cart.save_for_later": ("product_id",),
    "cart.move_to_cart": ("product_id",),
    "cart.use_coupon": ("code", "next"),
    "cart.drop_coupon": ("next",),
    "checkout.answer_details": ("email", *_ADDRESS, "delivery_method", "payment_method"),
    "checkout.place": ("idempotency_key", "seen", "ecrm_agree"),
    "checkout.send_order_link": ("email", "number"),
    "checkout.cancel": ("t",),
    "accounts.register_now": ("email", "password", "next", "ecrm_agree", *_PROFILE),
    "accounts.sign_in_now": ("email", "password", "next"),
    "accounts.send_reset_link": ("email",),
    "accounts.set_new_password": ("password",),
    "accounts.sign_out": ("everywhere",),
    "accounts.demo_sign_in": ("account_id", "next"),
    "accounts.change_profile": _PROFILE,
    "accounts.change_password": ("present", "password"),
    "accounts.add_address": _ADDRESS,
    "accounts.change_address": _ADDRESS,
    "accounts.default_address": (),
    "accounts.remove_address": (),
    "backoffice.change_product": (
        "name", "brand", "size", "description", "price", "was", "cost", "stock", "stock_seen", "listed",
        "age_limit", "barred_in", "serial_numbered",
    ),
    "backoffice.create_coupon": (
        "code", "label", "kind", "percent", "amount", "minimum", "first_day", "last_day", "uses", "products",
    ),
    "backoffice.stop_coupon": (),
    "backoffice.ship": ("carrier", "tracking_number", "send-1", "serials-1", "unreadable"),
    "backoffice.deliver": (),
    "backoffice.refund": ("reason", "shipping", "restock", "whole", "pieces-1"),
    "backoffice.cancel": (),
    "console.scan_by_hand": ("status", "at", "place", "note"), "backoffice.cancel_rest": (),
    "console.delivered_by_hand": (), "console.upload_parcels": (), "console.enter_parcels": (),
    "console.create_campaign": _CAMPAIGN,
    "console.change_campaign_now": _CAMPAIGN,
    "console.archive_campaign": ("archived",),
    "console.create_mailing": ("name", "topic"),
    "console.change_mailing": (
        "name", "topic", "segment", "campaign", "holdout_percent", "test_percent", "winner_by", "winner_after_hours",
    ),
    "console.save_variant": (
        "subject", "preview", "edition", "do", "b1-kind", "b1-text", "b1-products", "b1-count", "b1-query", "b1-link",
    ),
    "console.change_variants": ("remove",),
    "console.find_reader": ("asked",),
    "console.test_mailing": ("address", "contact"),
    "console.do_with_mailing": ("at",),
    "console.enter_costs": (
        "campaign", "first_day", "last_day", "amount", "clicks", "impressions", "note", "key",
    ),
    "console.take_back_costs": ("whole",),
    "console.upload_import": ("kind", "first_day", "last_day"),
    "console.write_import": ("fingerprint", "leave_out", "campaign-0"),
    "console.forget_import": (),
    "console.change_cases": ("case", "deed", "view", "kind", "q"),
    "console.open_new_case": (
        "customer", "address", "name", "channel", "kind", "priority", "order", "product", "subject", "text",
    ),
    "console.change_case": (
        "version", "seen", "state", "priority", "kind", "owner", "team", "order", "product", "spam",
    ),
    "console.reply_to_case": ("version", "seen", "text", "then", "macro", "draft", "do", "copy"),
    "console.merge_case": ("version", "seen", "into"),
    "console.save_macro": ("macro", "name", "text", "state", "priority", "kind", "team", "archived"),
    "console.save_rule": (
        "rule", "name", "place", "words", "kinds", "channels", "languages", "countries", "categories", "segment",
        "least", "most", "team", "skill", "archived", "sure",
    ),
    "console.save_example": (
        "example", "name", "subject", "text", "kind", "channel", "language", "country", "category", "value", "segment",
        "team", "agent", "do",
    ),
    "console.save_desk_targets": ("segment", "do", "place", "response-1", "resolution-4"),
    "console.save_team": ("team", "name", "time_zone", "country", "subdivision", "day-0", "day-6", "archived"),
    "console.save_agent": ("agent", "in_team", "skills", "languages", "most_open", "away", "day-0"),
    "console.find_customer": ("asked", "reason"),
    **ON_A_CUSTOMERS_PAGE,
    "console.change_flow": ("on", "control", "idle", "after:first", "after:second"),
    "console.ask_rehearsal": ("what", "days", "caps", "segment"),
    "console.make_segment": _SEGMENT_RULES,
    "console.change_segment": _SEGMENT_RULES,
    "console.count_segment": _SEGMENT_RULES,
    "console.archive_segment": ("archived",),
    "console.find_in_segment": ("asked",),
    "console.upload_list": ("name",),
    "console.write_to_list": ("deed",),
    "console.archive_list": (),
    "console.find_emails": ("asked",),
    "console.send_doubtful_emails_again": ("source", "sure"),
    "console.find_events": ("name", "order", "day", "email"),
    "console.find_recommended_to": ("asked",),
    "console.go_back_to_model": ("name",),
    "console.make_recommendation_rule": (
        "what", "of", "value", "weight", "placement", "first_day", "last_day", "deed",
    ),
    "console.end_recommendation_rule": (),
    "console.send_email_again": (),
    "console.find_suppression": ("address",),
    "console.withdraw_for_customer": ("note",),
    "console.add_suppression": ("address", "note", "scope"),
    "console.lift_suppression": ("address", "note"),
    "console.import_suppressions": ("list", "write"),
    "console.export_suppressions": (),
    "console.release_pause": ("sure",),
    "console.take_back_browser": ("reason",),
    "console.put_back_browser": ("reason",),
    "console.retry_reaction": (),
    "console.start_experiment": (
        "name", "subject", "unit", "percent", "share_learnt", "share_session", "share_popular", "goal", "adaptive",
    ),
    "console.stop_experiment": (),
    "console.add_data_source": ("name", "kind"),
    "console.revoke_data_source": (),
    "console.retry_all_reactions": (),
    "console.examine_mail": (),
    **{
        f"collector.{path}": ()  # JSON; `tests/ecrm/collector` sends it what is wrong
        for path in (
            "identify", "track", "page", "screen", "group", "alias", "batch", "import", "i", "t", "p", "s", "g", "a",
            "b", "beacon", "metrics", "reset", "calls",
        )
    },
    "ecrm.consent": ("grade", "next"),
    "ecrm.seen": ("path", "seconds", "scroll"),
    "ecrm.recall": ("email", "next"),
    "ecrm.recall_fill_in": (),
    "ecrm.unsubscribe_now": ("List-Unsubscribe", "what"),
    "ecrm.tell_me": ("product_id", "want", "email", "website", "next"),
    "ecrm.end_wait": ("wait",),
    "ecrm.answer_my_case": ("text", "form_id"),
    "ecrm.ask_erasure": (),
    "ecrm.ask_question": ("product", "words", "name", "email", "website"),
    "ecrm.follow_question": ("email", "website"),
    "ecrm.answer_question": ("words", "name"),
    "ecrm.confirm_question_now": (),
    "console.judge_question": ("deed", "words", "reason", "answer", "back"),
    "ecrm.review_order_now": ("product", "stars", "title", "words", "name"),
    "ecrm.review_product_now": ("product", "stars", "title", "words", "name"),
    "console.set_relationship_policy": ("days_first", "response", "unit", "reminder", "agent"),
    "console.judge_review": ("deed", "version", "reason", "reply", "back"),
    "ecrm.change_preferences": ("topic", "tracking", "off"),
    "ecrm.change_own_preferences": ("topic", "tracking", "off"),
    "ecrm.sign_up": ("email", "website"),
    "ecrm.confirm_mailbox_now": (),
    "ecrm.mail_reports": ("kind",),
    "ecrm.contact_now": ("kind", "order", "name", "email", "words", "website"),
    "console.enter_call": ("number", "direction", "outcome", "words", "customer", "deed", "back"),
    "console.open_case_of_call": ("customer",),
    "console.make_case_of_letter": (),
    "console.dismiss_letter": (),
    "ecrm.satisfaction_now": ("score", "words", "open_again"),
    "ecrm.ask_return": ("reason", "words", "pieces-1"),
    "ecrm.change_return": ("deed",),
    "console.change_return": ("deed", "answer", "came-1", "shipping", "restock"),
    "ecrm.carrier_webhook": ("object",),
    "ecrm.recommendation_choice": ("not_interested", "not_used", "undo", "next"),
    "ecrm.heard": ("order", "answer", "words", "next"),
}  # fmt: skip
"""What each form of the app is made of; `test_arbitrary_text` fails for a POST route that isn't named here."""

_LIST = ("page", "sort", "brand", "size", "price", "stock", "reduced")
_SEGMENT = ("channel", "source", "campaign", "device", "country", "medium", "term", "content", "visitors")
_ORDERS = ("first", "last", "product", "searched", "cohort", "customers", "redeemed", "code", "entry", *_SEGMENT)
_REPORT = (
    "days",
    "first",
    "last",
    "compare",
    "sort",
    "page",
    *_SEGMENT,
)
_SLOTS = ("placement", "position", "strategy")
_FLASKS_OWN = ("endpoint", "_external", "_scheme", "_anchor", "_method")

PARAMETERS: dict[str, tuple[str, ...]] = {
    "pages.home": ("utm_source", "page"),
    "catalog.category": (*_LIST, *_FLASKS_OWN),
    "catalog.search": ("q", *_LIST, *_FLASKS_OWN),
    "catalog.product": ("v", "reviews", "asked", "questions"),
    "checkout.details": ("edit",),
    "checkout.order_page": ("t",),
    "checkout.thanks": ("t",),
    "accounts.sign_in": ("next",),
    "accounts.register": ("next",),
    "accounts.orders": ("page", *_FLASKS_OWN),
    "backoffice.products": ("q", "state", "department", "page", *_FLASKS_OWN),
    "backoffice.coupons": ("q", "state", "page", *_FLASKS_OWN),
    "backoffice.orders": ("q", "status", "page", *_FLASKS_OWN),
    "console.calls": ("number", "customer", "after"),
    "console.put_aside": ("before",),
    "ecrm.contact_page": ("order", "sent"),
    "ecrm.satisfaction_page": ("score",),
    "console.overview": (*_REPORT, "exact"),
    "console.overview_days": _REPORT,
    "console.site": (*_REPORT, "by", *_FLASKS_OWN),
    "console.site_csv": (*_REPORT, "by", *_FLASKS_OWN),
    "console.landing_pages": (*_REPORT, *_FLASKS_OWN),
    "console.landing_pages_csv": _REPORT,
    "console.pages": (*_REPORT, *_FLASKS_OWN),
    "console.pages_csv": _REPORT,
    "console.page": (*_REPORT, *_FLASKS_OWN),
    "console.page_csv": _REPORT,
    "console.speed": (*_REPORT, "least", *_FLASKS_OWN),
    "console.speed_csv": (*_REPORT, "least"),
    "console.funnel": (*_REPORT, "by", *_FLASKS_OWN),
    "console.funnel_csv": (*_REPORT, "by"),
    "console.campaigns": (*_REPORT, "by", "model", *_FLASKS_OWN),
    "console.campaigns_csv": (*_REPORT, "by", "model"),
    "console.campaign": (*_REPORT, "model", *_FLASKS_OWN),
    "console.campaign_csv": (*_REPORT, "model"),
    "console.campaign_link": ("path", "utm_source", "utm_medium", "utm_content", "utm_term"),
    "console.mailings": ("before", *_FLASKS_OWN),
    "console.look_at_mailing": ("contact", "width", "dark", *_FLASKS_OWN),
    "console.mailing_html": ("contact", "dark", *_FLASKS_OWN),
    "console.credits": ("days", "first", "last", "compare", "model", "key", "before", *_FLASKS_OWN),
    "console.credits_csv": ("days", "first", "last", "model", "key"),
    "console.costs": ("days", "first", "last", "compare", "campaign_id", "channel", "before", *_FLASKS_OWN),
    "console.costs_csv": ("days", "first", "last", "campaign_id", "channel"),
    "console.visits": (*_REPORT, "having", "stage", "entry", "before", *_FLASKS_OWN),
    "console.keywords": (*_REPORT, "show", *_FLASKS_OWN),
    "console.keywords_csv": (*_REPORT, "show"),
    "console.keyword": (*_REPORT, *_FLASKS_OWN),
    "console.refinements": (*_REPORT, *_FLASKS_OWN),
    "console.refinements_csv": _REPORT,
    "console.search_keywords": (*_REPORT, "kind", "model", "engine", *_FLASKS_OWN),
    "console.search_keywords_csv": (*_REPORT, "kind", "model", "engine"),
    "console.products": (*_REPORT, *_FLASKS_OWN),
    "console.products_csv": _REPORT,
    "console.product": (*_REPORT, *_FLASKS_OWN),
    "console.cohorts": (*_REPORT, "show", *_FLASKS_OWN),
    "console.cohorts_csv": (*_REPORT, "show"),
    "console.new_customers": (*_REPORT, *_FLASKS_OWN),
    "console.new_customers_csv": _REPORT,
    "console.ad_intensity": (*_REPORT, *_FLASKS_OWN),
    "console.ad_intensity_csv": _REPORT,
    "console.orders": (*_ORDERS, "before", *_FLASKS_OWN),
    "console.orders_sheet": _ORDERS,
    "console.refunds": (*_ORDERS, "before", *_FLASKS_OWN),
    "console.experiment_rows": ("after", *_FLASKS_OWN),
    "console.inbox": ("view", "state", "kind", "channel", "priority", "team", "owner", "q", "after", *_FLASKS_OWN),
    "console.new_case": ("customer", "address", "name", "kind", "order", "product", "subject"),
    "console.customer": ("kind", "before", *_FLASKS_OWN),
    "console.flow": ("before",),
    "console.emails": ("state", "order", "source", "customer", "like", "before", *_FLASKS_OWN),
    "console.mail_results": (*_REPORT, "model", *_FLASKS_OWN),
    "console.mail_results_csv": (*_REPORT, "model"),
    "console.mail_result": ("model", *_FLASKS_OWN),
    "console.segment_members": ("after", *_FLASKS_OWN),
    "console.segment_why": ("contact", *_FLASKS_OWN),
    "console.deliveries": ("status", "order", "after", "carrier", "service", "delayed"),
    "console.desk_report": (*_REPORT, "by", *_FLASKS_OWN),
    "console.desk_report_csv": (*_REPORT, "by"),
    "console.desk_products": (*_REPORT, *_FLASKS_OWN),
    "console.desk_products_csv": _REPORT,
    "console.desk_report_cases": (*_REPORT, "by", "what", "key", "product", *_FLASKS_OWN),
    "console.relationships": _REPORT,
    "console.relationship_customers": ("after",),
    "console.relationship_breaches": (*_REPORT, "kind", "cell"),
    "console.questions": ("state", "question", "after"),
    "ecrm.question_asked": ("asked", "next"),
    "console.reviews": ("state", "product", "review", "after"),
    "ecrm.me": ("asked",),
    "ecrm.my_case": ("said",),
    "ecrm.review_product": ("product", "saved"),
    "console.events": ("name", "order", "day", "visit", "customer", "before", *_FLASKS_OWN),
    "console.recommendations": ("product", "asked"),
    "console.recommended_earnings": (*_REPORT, "by", *_SLOTS, *_FLASKS_OWN),
    "console.recommended_earnings_csv": (*_REPORT, "by", *_SLOTS),
    "console.recommended_credits": (*_REPORT, *_SLOTS, "before", *_FLASKS_OWN),
    "console.recommended_credits_csv": (*_REPORT, *_SLOTS),
    "console.audit": ("subject", "action", "before"),
    "ecrm.privacy": ("next",),
}
"""What the pages read of their address, and the names that Flask's `url_for` takes for its own."""

GOOD = {
    **dict.fromkeys(("phone", "household", "children", "birthday", "was", "line2", "region", "order", "day"), ""),
    "email": "kim@example.com", "name": "Kim Lee", "line1": "Hauptstraße 1", "city": "Berlin", "postcode": "10115",
    "country": "DE", "delivery_method": "standard", "payment_method": "invoice", "first_name": "Kim", "quantity": "1",
    "password": "violet kettle marches north", "price": "12.50", "stock": "5", "stock_seen": "5", "carrier": "dhl",
    "tracking_number": "00340434161094042557", "reason": "broken glass", "asked": "nobody@example.com", "grade": "2",
    "idempotency_key": "k" * 20, "seen": "s" * 64, "path": "/", "next": "/", "interests": "tea",
    "code": "SPRING-10", "label": "Spring", "kind": "percent", "percent": "10", "amount": "", "minimum": "",
    "subject": "placement:home", "unit": "visitor",
    "first_day": "2026-11-01", "last_day": "", "uses": "", "products": "",
}  # fmt: skip
"""What makes the rest of a form right while one field is wrong."""

LONG_WHEN_FOLDED = f"{'ΐ' * 32}@{'.'.join(['d' * 60] * 3)}.com"
"""An address within the limit, with letters of which Unicode's case folding makes three each: more than 254."""

NASTY = (
    "\x00", "a\x00b", "\r\nSet-Cookie: a=b", "x" * 5000, "9" * 40, "2147483648", "3000000000", "-1", "1.5", "١٢",
    "ΐ" * 80, "ﷺ" * 40,
    "\ufffd\u202e\u2066", "' OR 1=1 --", "{{ 7*7 }}<script>", "%00", "//evil.example", "http://[", "0001-01-02",
    "9999-12-31", "a," * 150, "inf", "1e400", "", LONG_WHEN_FOLDED,
)  # fmt: skip
"""What people, programs and attackers type."""

PLACES = (
    "0001-01-05T00:00:00+00:00~1", "9999-12-31T23:59:59-10:00~1", "2026-01-01T00:00:00Z~99999999999999999999",
    "2026-01-01T00:00:00Z~99999999999999999999~1", "0001-01-05T00:00:00Z~0~1", "9" * 6, "/\\evil.example",
)  # fmt: skip
"""Damaged links to a next page, and pages far beyond the last one."""


class Caller:
    """A browser that follows every step of its visitor (grade "personal") and holds a token for the forms."""

    def __init__(self, app: Flask, account_id: int | None = None, *, cart: int | None = None) -> None:
        self.app = app
        self.account_id = account_id
        self.cart = cart
        self.begin()

    def begin(self) -> None:
        """A new browser, signed in, with something in the cart."""
        self.client: FlaskClient = self.app.test_client()
        self.client.set_cookie("ecrm_consent", "2")
        if self.account_id is not None:
            be(self.client, self.account_id)
        self.token = token(self.client, "/sign-in" if self.account_id is None else "/account/profile")
        if self.cart is not None:
            form = {"csrf_token": self.token, "product_id": str(self.cart), "quantity": "1"}
            self.client.post("/cart/add", data=form)

    def post(self, path: str, fields: dict[str, str]) -> TestResponse:
        """Send a form; whoever was signed in, out or over by it starts anew."""
        answer = self.client.post(path, data={**fields, "csrf_token": self.token})
        if answer.status_code == 400 and "This form has expired" in answer.text:
            self.begin()
            answer = self.client.post(path, data={**fields, "csrf_token": self.token})
        return answer


def path_of(rule: Rule, values: dict[str, Any]) -> str:
    """The address of a route with these arguments, whatever they hold; unlike `build`, nothing is checked."""
    return _ARGUMENT.sub(lambda found: quote(str(values[found[1]]), safe=""), rule.rule)


def long_lists(app: Flask, *, category_of: int, account_id: int) -> None:
    """So many products and orders that each list has a second page."""
    with app.app_context():
        shelf = db.session.get_one(Product, category_of).category_id
        for number in range(55):
            db.session.add(
                Product(
                    sku=f"N{number}", slug="n", name=f"Biscuit {number}", brand="Wren", category_id=shelf,
                    price_minor=100, stock=1, added_at=NOW, listed=True,
                )
            )  # fmt: skip
            db.session.add(
                Order(
                    number=f"2611-N{number}", account_id=account_id, buyer=f"account:{account_id}",
                    idempotency_key=f"n{number}", email="ada@example.com", email_folded="ada@example.com",
                    placed_at=NOW,
                    currency="EUR", goods_minor=100, total_minor=100, ship_name="Ada", ship_line1="Hauptstr. 1",
                    ship_city="Berlin", ship_postcode="10115", ship_country="DE", delivery_method="standard",
                    payment_method="invoice",
                )
            )  # fmt: skip
        db.session.commit()
