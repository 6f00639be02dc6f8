"""Who may call which route: the table, one dict a part of the product. A route that isn't in it fails the test.

A row names the roles that are let in; everybody else must be sent to sign in or refused. `args` and `form` name
example values that `test_route_role_matrix` prepares; a name that it doesn't know is taken literally.
"""

from __future__ import annotations

from dataclasses import dataclass, field

STAFF = frozenset({"owner", "marketer", "analyst", "support", "packer", "catalogue"})
SIGNED_IN = STAFF | {"customer", "other_customer"}
EVERYBODY = SIGNED_IN | {"anonymous"}
ITS_CUSTOMER = frozenset({"customer"})
"""The example address and order belong to `customer`; not even staff see them here (they have the staff area)."""


@dataclass(frozen=True)
class Row:
    """Who is let in, and with what the route is called.

    `fresh` calls it with a browser of its own, since it signs in or out; `last` after the others, since it takes an
    example away. `answers` is the one status that everybody gets, where that looks like a refusal and is none.
    """

    allowed: frozenset[str]
    args: dict[str, str] = field(default_factory=dict)
    form: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    fresh: bool = False
    last: bool = False
    answers: int | None = None


def _staff(*roles: str) -> frozenset[str]:
    """The owner, and these."""
    return frozenset({"owner", *roles})


_PRODUCT = {"product_id": "product", "slug": "product_slug"}
_IN_CART = {"product_id": "product", "quantity": "1"}
_ADDRESS = {"address_id": "address"}
_ORDER = {"number": "order"}
_SEGMENT = {"segment_id": "segment"}
_CAMPAIGN = {"campaign_id": "campaign"}
_MAILING = {"mailing_id": "mailing", "name": "a"}
_CASE = {"reference": "case"}
_BROWSER = {"customer_id": "customer", "claim_id": "visitor_claim"}

STOREFRONT = {
    "static GET": Row(EVERYBODY, {"filename": "shop.css"}),
    "health.alive GET": Row(EVERYBODY),
    "health.ready GET": Row(EVERYBODY),
    "pages.home GET": Row(EVERYBODY),
    "pages.about GET": Row(EVERYBODY),
    "pages.privacy GET": Row(EVERYBODY),
    "pages.imprint GET": Row(EVERYBODY),
    "catalog.department GET": Row(EVERYBODY, {"department": "grocery"}),
    "catalog.category GET": Row(EVERYBODY, {"department": "grocery", "category": "coffee"}),
    "catalog.search GET": Row(EVERYBODY, query={"q": "coffee"}),
    "catalog.product GET": Row(EVERYBODY, _PRODUCT),
    "catalog.artwork GET": Row(EVERYBODY, {"product_id": "product"}),
    "catalog.artwork_png GET": Row(EVERYBODY, {"product_id": "product"}),
    "cart.show GET": Row(EVERYBODY),
    "cart.add POST": Row(EVERYBODY, form=_IN_CART),
    "cart.old_enough POST": Row(EVERYBODY, form={"age": "18"}),
    "cart.change POST": Row(EVERYBODY, form=_IN_CART),
    "cart.remove POST": Row(EVERYBODY, form=_IN_CART),
    "cart.save_for_later POST": Row(EVERYBODY, form=_IN_CART),
    "cart.move_to_cart POST": Row(EVERYBODY, form=_IN_CART),
    "cart.use_coupon POST": Row(EVERYBODY, form={"code": "SPRING-10"}),
    "cart.drop_coupon POST": Row(EVERYBODY),
    "checkout.details GET": Row(EVERYBODY),
    "checkout.answer_details POST": Row(EVERYBODY),
    "checkout.review GET": Row(EVERYBODY),
    "checkout.place POST": Row(EVERYBODY),
    "checkout.order_page GET": Row(ITS_CUSTOMER, _ORDER),
    "checkout.thanks GET": Row(ITS_CUSTOMER, _ORDER),
    "checkout.find_order GET": Row(EVERYBODY),
    "checkout.send_order_link POST": Row(EVERYBODY, form={"email": "ada@example.com", "number": "2611-AAAA-BBBB"}),
    "checkout.cancel POST": Row(ITS_CUSTOMER, _ORDER),
}

ACCOUNTS = {
    "accounts.register GET": Row(EVERYBODY),
    "accounts.register_now POST": Row(EVERYBODY, fresh=True),
    "accounts.sign_in GET": Row(EVERYBODY),
    "accounts.sign_in_now POST": Row(
        EVERYBODY, form={"email": "role"}, fresh=True, answers=401
    ),  # there is no such person
    "accounts.forgot_password GET": Row(EVERYBODY),
    "accounts.send_reset_link POST": Row(EVERYBODY, form={"email": "ada@example.com"}),
    "accounts.reset_password GET": Row(EVERYBODY, {"token": "made-up"}, answers=400),
    "accounts.set_new_password POST": Row(EVERYBODY, {"token": "made-up"}, answers=400),
    "accounts.sign_out POST": Row(EVERYBODY, fresh=True),
    "accounts.demo_sign_in POST": Row(EVERYBODY, form={"account_id": "account"}, fresh=True),
    "accounts.home GET": Row(SIGNED_IN),
    "accounts.orders GET": Row(SIGNED_IN),
    "accounts.profile GET": Row(SIGNED_IN),
    "accounts.change_profile POST": Row(SIGNED_IN),
    "accounts.password GET": Row(SIGNED_IN),
    "accounts.change_password POST": Row(SIGNED_IN),
    "accounts.addresses GET": Row(SIGNED_IN),
    "accounts.new_address GET": Row(SIGNED_IN),
    "accounts.add_address POST": Row(SIGNED_IN),
    "accounts.edit_address GET": Row(ITS_CUSTOMER, _ADDRESS),
    "accounts.change_address POST": Row(ITS_CUSTOMER, _ADDRESS),
    "accounts.default_address POST": Row(ITS_CUSTOMER, _ADDRESS),
    "accounts.remove_address POST": Row(ITS_CUSTOMER, _ADDRESS, last=True),
}

BACKOFFICE = {
    "backoffice.home GET": Row(STAFF),
    "backoffice.products GET": Row(_staff("catalogue")),
    "backoffice.product GET": Row(_staff("catalogue"), {"product_id": "product"}),
    "backoffice.change_product POST": Row(_staff("catalogue"), {"product_id": "product"}),
    "backoffice.coupons GET": Row(_staff("catalogue")),
    "backoffice.new_coupon GET": Row(_staff("catalogue")),
    "backoffice.create_coupon POST": Row(_staff("catalogue")),
    "backoffice.stop_coupon POST": Row(_staff("catalogue"), {"coupon_id": "coupon"}),
    "backoffice.orders GET": Row(_staff("support", "packer")),
    "backoffice.order GET": Row(_staff("support", "packer"), _ORDER),
    "backoffice.ship POST": Row(_staff("packer"), _ORDER),
    "backoffice.deliver POST": Row(_staff("packer"), {**_ORDER, "parcel_id": "parcel"}),
    "backoffice.refund POST": Row(_staff("support"), _ORDER),
    "backoffice.cancel POST": Row(_staff("support"), _ORDER),
    "backoffice.cancel_rest POST": Row(_staff("support"), _ORDER),
}

_FIGURES = _staff("marketer", "analyst")
_PERSONS = _staff("support")
_EMAILS = _staff("marketer", "support")
_VOICE = _staff("marketer", "support", "catalogue")
_SUGGESTIONS = _staff("marketer", "analyst", "catalogue")

CONSOLE = {
    "console.static GET": Row(EVERYBODY, {"filename": "console.css"}),
    "console.home GET": Row(STAFF),
    "console.overview GET": Row(_FIGURES),
    "console.overview_days GET": Row(_FIGURES),
    "console.orders GET": Row(_FIGURES, query={"day": "2026-11-20"}),
    "console.receipt GET": Row(_FIGURES, {"reference": "order"}),
    "console.orders_sheet GET": Row(_FIGURES, query={"day": "2026-11-20"}),
    "console.campaigns GET": Row(_FIGURES),
    "console.campaigns_csv GET": Row(_FIGURES),
    "console.campaign GET": Row(_FIGURES, _CAMPAIGN),
    "console.campaign_csv GET": Row(_FIGURES, _CAMPAIGN),
    "console.campaign_link GET": Row(_FIGURES, _CAMPAIGN),
    "console.new_campaign GET": Row(_staff("marketer")),
    "console.create_campaign POST": Row(_staff("marketer")),
    "console.edit_campaign GET": Row(_staff("marketer"), _CAMPAIGN),
    "console.change_campaign_now POST": Row(_staff("marketer"), _CAMPAIGN),
    "console.archive_campaign POST": Row(_staff("marketer"), _CAMPAIGN, {"archived": "yes"}),
    "console.mailings GET": Row(_staff("marketer")),
    "console.create_mailing POST": Row(_staff("marketer"), form={"name": "Easter", "topic": "offers"}),
    "console.mailing GET": Row(_staff("marketer"), _MAILING),
    "console.change_mailing POST": Row(_staff("marketer"), _MAILING, {"name": "Easter", "topic": "offers"}),
    "console.edit_variant GET": Row(_staff("marketer"), _MAILING),
    "console.save_variant POST": Row(
        _staff("marketer"), _MAILING, {"subject": "Hello", "b1-kind": "text", "b1-text": "# Hello", "do": "save"}
    ),
    "console.change_variants POST": Row(_staff("marketer"), _MAILING),
    "console.look_at_mailing GET": Row(_staff("marketer"), _MAILING),
    "console.mailing_html GET": Row(_staff("marketer"), _MAILING),
    "console.find_reader POST": Row(_staff(), _MAILING, {"asked": "ada@example.com"}),
    "console.test_mailing POST": Row(_staff("marketer"), _MAILING, {"address": "mia@example.com"}),
    "console.confirm_mailing GET": Row(_staff("marketer"), {"mailing_id": "mailing", "deed": "schedule"}),
    "console.do_with_mailing POST": Row(_staff("marketer"), {"mailing_id": "mailing", "deed": "pause"}),
    "console.credits GET": Row(_FIGURES),
    "console.credits_csv GET": Row(_FIGURES),
    "console.costs GET": Row(_FIGURES),
    "console.costs_csv GET": Row(_FIGURES),
    "console.enter_costs POST": Row(_staff("marketer")),
    "console.take_back_costs POST": Row(_staff("marketer"), {"entry_id": "cost_entry"}),
    "console.imports GET": Row(_staff("marketer")),
    "console.upload_import POST": Row(_staff("marketer")),
    "console.check_import GET": Row(_staff("marketer"), {"token": "upload"}),
    "console.refused_rows GET": Row(_staff("marketer"), {"token": "upload"}),
    "console.write_import POST": Row(_staff("marketer"), {"token": "upload"}, {"fingerprint": "another"}),
    "console.forget_import POST": Row(_staff("marketer"), {"token": "upload"}, last=True),
    "console.site GET": Row(_FIGURES),
    "console.site_csv GET": Row(_FIGURES),
    "console.visits GET": Row(_FIGURES),
    "console.landing_pages GET": Row(_FIGURES),
    "console.landing_pages_csv GET": Row(_FIGURES),
    "console.pages GET": Row(_FIGURES),
    "console.pages_csv GET": Row(_FIGURES),
    "console.page GET": Row(_FIGURES, {"page_id": "seen_page"}),
    "console.page_csv GET": Row(_FIGURES, {"page_id": "seen_page"}),
    "console.speed GET": Row(_FIGURES),
    "console.speed_csv GET": Row(_FIGURES),
    "console.funnel GET": Row(_FIGURES),
    "console.funnel_csv GET": Row(_FIGURES),
    "console.keywords GET": Row(_FIGURES),
    "console.keywords_csv GET": Row(_FIGURES),
    "console.keyword GET": Row(_FIGURES, {"term_id": "seen_term"}),
    "console.keyword_csv GET": Row(_FIGURES, {"term_id": "seen_term"}),
    "console.refinements GET": Row(_FIGURES),
    "console.refinements_csv GET": Row(_FIGURES),
    "console.search_keywords GET": Row(_FIGURES),
    "console.search_keywords_csv GET": Row(_FIGURES),
    "console.products GET": Row(_FIGURES),
    "console.products_csv GET": Row(_FIGURES),
    "console.product GET": Row(_FIGURES, {"key_id": "seen_product"}),
    "console.product_csv GET": Row(_FIGURES, {"key_id": "seen_product"}),
    "console.cohorts GET": Row(_FIGURES),
    "console.cohorts_csv GET": Row(_FIGURES),
    "console.new_customers GET": Row(_FIGURES),
    "console.new_customers_csv GET": Row(_FIGURES),
    "console.ad_intensity GET": Row(_FIGURES),
    "console.ad_intensity_csv GET": Row(_FIGURES),
    "console.refunds GET": Row(_FIGURES),
    "console.experiments GET": Row(_FIGURES),
    "console.start_experiment POST": Row(
        _staff("marketer"),
        form={"name": "Tried", "subject": "placement:home", "unit": "visitor", "percent": "10"},
    ),
    "console.experiment GET": Row(_FIGURES, {"experiment_id": "experiment"}),
    "console.experiment_csv GET": Row(_FIGURES, {"experiment_id": "experiment"}),
    "console.experiment_rows GET": Row(_FIGURES, {"experiment_id": "experiment", "group": "control"}),
    "console.held_out_csv GET": Row(_PERSONS, {"experiment_id": "experiment"}),
    "console.stop_experiment POST": Row(_staff("marketer"), {"experiment_id": "experiment"}),
    "console.inbox GET": Row(_PERSONS),
    "console.change_cases POST": Row(_PERSONS, form={"case": "1", "deed": "priority:3"}),
    "console.new_case GET": Row(_PERSONS),
    "console.open_new_case POST": Row(_PERSONS, form={"subject": "Called about a teapot"}),
    "console.case GET": Row(_PERSONS, _CASE),
    "console.change_case POST": Row(_PERSONS, _CASE, form={"priority": "2"}),
    "console.reply_to_case POST": Row(_PERSONS, _CASE, form={"text": "Called them", "do": "note"}),
    "console.merge_case POST": Row(_PERSONS, _CASE, form={"into": "C-AAAAAAAA"}),
    "console.case_file GET": Row(_PERSONS, {**_CASE, "file_id": "case_file"}),
    "console.desk_macros GET": Row(_EMAILS),
    "console.save_macro POST": Row(_staff(), form={"name": "Thanks", "text": "Thank you"}),
    "console.desk_routing GET": Row(_EMAILS),
    "console.save_rule POST": Row(_staff(), form={"name": "All"}),
    "console.save_example POST": Row(_EMAILS, form={"name": "A cup"}),
    "console.desk_targets GET": Row(_EMAILS),
    "console.save_desk_targets POST": Row(_staff(), form={"response-4": "1 h"}),
    "console.desk_teams GET": Row(_EMAILS),
    "console.save_team POST": Row(_staff(), form={"name": "Returns", "time_zone": "Europe/Berlin"}),
    "console.save_agent POST": Row(_staff(), form={"agent": "desk_agent", "most_open": "20"}),
    "console.customers GET": Row(_PERSONS),
    "console.find_customer POST": Row(_PERSONS, form={"asked": "ada@example.com"}),
    "console.customer GET": Row(_PERSONS, {"customer_id": "customer"}),
    "console.customer_mail GET": Row(_PERSONS, {"customer_id": "customer"}),
    "console.customer_browsers GET": Row(_PERSONS, {"customer_id": "customer"}),
    "console.visit_steps GET": Row(_PERSONS, {"customer_id": "customer", "visit_id": "visit"}),
    "console.write_note POST": Row(_PERSONS, {"customer_id": "customer"}, form={"text": "a note"}),
    "console.change_note POST": Row(_PERSONS, {"customer_id": "customer", "note_id": "note"}, form={"deed": "pin"}),
    "console.note_offer POST": Row(_PERSONS, {"customer_id": "customer"}, form={"product": "product", "how": "phone"}),
    "console.take_back_browser POST": Row(_PERSONS, _BROWSER, {"reason": "not theirs"}),
    "console.put_back_browser POST": Row(_PERSONS, _BROWSER, {"reason": "theirs"}),
    "console.waitlists GET": Row(_EMAILS),
    "console.desk_report GET": Row(_FIGURES),
    "console.desk_report_csv GET": Row(_FIGURES),
    "console.desk_products GET": Row(_FIGURES),
    "console.desk_products_csv GET": Row(_FIGURES),
    "console.desk_report_cases GET": Row(_PERSONS),
    "console.relationships GET": Row(_staff("marketer", "support")),
    "console.set_relationship_policy POST": Row(
        _staff(), {"cell": "asks_much_buys_much"}, {"days_first": "2", "response": "4", "unit": "hours"}
    ),
    "console.relationship_customers GET": Row(_PERSONS, {"cell": "asks_much_buys_much"}),
    "console.relationship_breaches GET": Row(_PERSONS),
    "console.questions GET": Row(_VOICE),
    "console.judge_question POST": Row(_VOICE, {"question_id": "1"}, {"deed": "wave"}),
    "console.calls GET": Row(_PERSONS, query={"number": "+493012345678"}),
    "console.enter_call POST": Row(_PERSONS, form={"number": "030 12345678", "words": "Hello"}),
    "console.open_case_of_call POST": Row(_PERSONS, {"call_id": "call"}),
    "console.put_aside GET": Row(_PERSONS),
    "console.put_aside_letter GET": Row(_PERSONS, {"mail_id": "letter"}),
    "console.dismiss_letter POST": Row(_PERSONS, {"mail_id": "letter"}, last=True),
    "console.make_case_of_letter POST": Row(_PERSONS, {"mail_id": "letter"}, last=True),
    "console.reviews GET": Row(_VOICE),
    "console.judge_review POST": Row(_VOICE, {"review_id": "1"}, {"deed": "wave"}),
    "console.holidays GET": Row(_EMAILS),
    "console.flows GET": Row(_EMAILS),
    "console.flow GET": Row(_EMAILS, {"name": "cart"}),
    "console.change_flow POST": Row(_staff("marketer"), {"name": "cart"}),
    "console.rehearsals GET": Row(_EMAILS),
    "console.ask_rehearsal POST": Row(_staff("marketer")),
    "console.rehearsal GET": Row(_EMAILS, {"rehearsal_id": "rehearsal"}),
    "console.mail_results GET": Row(_FIGURES),
    "console.mail_results_csv GET": Row(_FIGURES),
    "console.mail_result GET": Row(_FIGURES, {"source": "flow:cart"}),
    "console.audience GET": Row(_staff("marketer")),
    "console.new_segment GET": Row(_staff("marketer")),
    "console.make_segment POST": Row(_staff("marketer"), form={"deed": "count"}),
    "console.count_segment POST": Row(_staff("marketer")),
    "console.segment GET": Row(_staff("marketer"), _SEGMENT),
    "console.change_segment POST": Row(_staff("marketer"), _SEGMENT, {"deed": "count"}),
    "console.archive_segment POST": Row(_staff("marketer"), _SEGMENT, {"archived": "no"}),
    "console.segment_members GET": Row(_staff("marketer"), _SEGMENT),
    "console.segment_why GET": Row(_staff("marketer"), _SEGMENT),
    "console.find_in_segment POST": Row(_staff("marketer"), _SEGMENT, {"asked": "ada@example.com"}),
    "console.contact_lists GET": Row(_staff("marketer")),
    "console.upload_list POST": Row(_staff("marketer")),
    "console.archive_list POST": Row(_staff("marketer"), {"list_id": "contact_list"}),
    "console.import_to_list GET": Row(_staff("marketer"), {"token": "list_upload"}),
    "console.write_to_list POST": Row(_staff("marketer"), {"token": "list_upload"}, {"deed": "look again"}),
    "console.rfm_groups GET": Row(_staff("marketer")),
    "console.emails GET": Row(_EMAILS),
    "console.find_emails POST": Row(_EMAILS),
    "console.doubtful_emails GET": Row(_EMAILS),
    "console.send_doubtful_emails_again POST": Row(_staff("marketer"), form={"source": "mailing:1", "sure": "yes"}),
    "console.email GET": Row(_EMAILS, {"email_id": "email"}),
    "console.email_html GET": Row(_staff("support"), {"email_id": "email"}),
    "console.withdraw_for_customer POST": Row(_PERSONS, {"customer_id": "customer"}, form={"note": "asked"}),
    "console.suppression GET": Row(_staff("marketer", "support")),
    "console.find_suppression POST": Row(_PERSONS, form={"address": "ada@example.com"}),
    "console.add_suppression POST": Row(_PERSONS, form={"address": "held@example.com", "note": "asked"}),
    "console.lift_suppression POST": Row(_PERSONS, form={"address": "held@example.com", "note": "asked"}),
    "console.import_suppressions POST": Row(_PERSONS, form={"list": "listed@example.com"}),
    "console.export_suppressions POST": Row(_PERSONS),
    "console.release_pause POST": Row(_staff("marketer"), {"pause_id": "1"}, form={"sure": "yes"}),
    "console.send_email_again POST": Row(_PERSONS, {"email_id": "email"}),
    "console.deliveries GET": Row(_staff("support", "packer")),
    "console.returns GET": Row(_staff("support", "packer")),
    "console.return_reasons GET": Row(_staff("support", "packer")),
    "console.one_return GET": Row(_staff("support", "packer"), {"reference": "return"}),
    "console.change_return POST": Row(_staff("support", "packer"), {"reference": "return"}, {"deed": "wave"}),
    "console.events GET": Row(_FIGURES),
    "console.find_events POST": Row(_FIGURES),
    "console.event GET": Row(_FIGURES, {"event_id": "event"}),
    "console.recommendations GET": Row(_SUGGESTIONS),
    "console.recommendation_models GET": Row(_SUGGESTIONS),
    "console.go_back_to_model POST": Row(_staff("marketer"), form={"name": "none"}),
    "console.recommendation_rules GET": Row(_SUGGESTIONS),
    "console.make_recommendation_rule POST": Row(
        _staff("marketer"), form={"what": "exclude", "of": "brand", "value": "Alba", "deed": "make"}
    ),
    "console.end_recommendation_rule POST": Row(_staff("marketer"), {"rule_id": "recommendation_rule"}),
    "console.recommended_earnings GET": Row(_FIGURES),
    "console.recommended_earnings_csv GET": Row(_FIGURES),
    "console.recommended_credits GET": Row(_FIGURES),
    "console.recommended_credits_csv GET": Row(_FIGURES),
    "console.find_recommended_to POST": Row(_PERSONS, form={"asked": "ada@example.com"}),
    "console.new_products GET": Row(_PERSONS),
    "console.recommended_to GET": Row(_PERSONS, {"customer_id": "customer"}),
    "console.system GET": Row(_staff()),
    "console.retry_reaction POST": Row(_staff(), {"reaction_id": "reaction"}),
    "console.examine_mail POST": Row(_staff()),
    "console.retry_all_reactions POST": Row(_staff()),
    "console.audit GET": Row(_staff()),
    "console.data_sources GET": Row(_staff()),
    "console.add_data_source POST": Row(_staff(), form={"name": "till", "kind": "server"}),
    "console.revoke_data_source POST": Row(_staff(), {"key_id": "1"}),
}

CRM_PUBLIC = {
    "ecrm.consent POST": Row(EVERYBODY, form={"grade": "0", "next": "/"}),
    "ecrm.privacy GET": Row(EVERYBODY),
    "ecrm.your_recommendations GET": Row(EVERYBODY),
    "ecrm.recommendation_choice POST": Row(EVERYBODY, form={"not_interested": "1"}),
    "ecrm.seen POST": Row(EVERYBODY, headers={"Sec-Fetch-Site": "same-origin"}),  # tells a page's reading time
    "ecrm.opened GET": Row(EVERYBODY, {"token": "made-up"}),  # an e-mail's picture
    "ecrm.go GET": Row(EVERYBODY, {"word": "tea"}),
    "ecrm.unsubscribe GET": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.unsubscribe_now POST": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.tell_me POST": Row(EVERYBODY, form={"product_id": "product", "want": "price", "email": "ada@example.com"}),
    "ecrm.told_so GET": Row(EVERYBODY),
    "ecrm.end_wait POST": Row(EVERYBODY, {"token": "made-up"}, form={"wait": "1"}, answers=404),
    "ecrm.me GET": Row(SIGNED_IN),
    "ecrm.my_case GET": Row(frozenset(), {"reference": "C-MADEUPXX"}),  # whose it is, tests/ecrm/own_page asks
    "ecrm.answer_my_case POST": Row(frozenset(), {"reference": "C-MADEUPXX"}, {"text": "x"}),
    "ecrm.my_data GET": Row(SIGNED_IN),
    "ecrm.ask_erasure POST": Row(SIGNED_IN),
    "ecrm.ask_question POST": Row(EVERYBODY, form={"product": "product", "words": "", "email": "a@example.com"}),
    "ecrm.follow_question POST": Row(EVERYBODY, {"question_id": "99"}, answers=404),
    "ecrm.answer_question POST": Row(EVERYBODY, {"question_id": "99"}, answers=404),
    "ecrm.confirm_question GET": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.confirm_question_now POST": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.question_asked GET": Row(EVERYBODY),
    "ecrm.review_order GET": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.review_order_now POST": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.review_product GET": Row(SIGNED_IN, query={"product": "product"}),
    "ecrm.review_product_now POST": Row(SIGNED_IN, form={"product": "product"}),
    "ecrm.preferences GET": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.change_preferences POST": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.own_preferences GET": Row(SIGNED_IN),
    "ecrm.change_own_preferences POST": Row(SIGNED_IN),
    "ecrm.newsletter GET": Row(EVERYBODY),
    "ecrm.sign_up POST": Row(EVERYBODY, form={"email": "", "website": ""}, answers=422),
    "ecrm.confirm_mailbox GET": Row(EVERYBODY, {"token": "made-up"}, answers=410),
    "ecrm.confirm_mailbox_now POST": Row(EVERYBODY, {"token": "made-up"}, answers=410),
    "ecrm.mail_reports POST": Row(EVERYBODY, answers=401),
    "ecrm.contact_page GET": Row(EVERYBODY),
    "ecrm.contact_now POST": Row(EVERYBODY, form={"kind": "question"}),
    "ecrm.satisfaction_page GET": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.satisfaction_now POST": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.delivery_status GET": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.return_page GET": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.ask_return POST": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.change_return POST": Row(EVERYBODY, {"token": "made-up", "reference": "R-AAAAAAAA"}, answers=404),
    "ecrm.return_label GET": Row(EVERYBODY, {"token": "made-up", "reference": "R-AAAAAAAA"}, answers=404),
    "ecrm.carrier_webhook POST": Row(EVERYBODY, {"aggregator": "easypost"}, answers=401),
    "ecrm.recall POST": Row(EVERYBODY, form={"email": "ada@example.com"}),
    "ecrm.recall_asked GET": Row(EVERYBODY),
    "ecrm.recall_link GET": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.recall_fill_in POST": Row(EVERYBODY, {"token": "made-up"}, answers=404),
    "ecrm.heard POST": Row(EVERYBODY, form={"order": "made-up"}, answers=400),
    "ecrm_slots.static GET": Row(EVERYBODY, {"filename": "slots.css"}),
}

# Told by a write key, which no role has: who doesn't show one is refused.
COLLECTOR = {
    **{
        f"collector.{path} POST": Row(EVERYBODY, answers=401)
        for path in (
            "identify", "track", "page", "screen", "group", "alias", "batch", "import", "i", "t", "p", "s", "g", "a",
            "b", "beacon", "metrics",
        )
    },
    "collector.calls POST": Row(EVERYBODY, answers=401),  # by a secret key
    "collector.openapi GET": Row(EVERYBODY),
    "collector.segment_settings GET": Row(EVERYBODY, {"key": "made-up"}, answers=401),
    "collector.rudderstack_settings GET": Row(EVERYBODY, answers=401),
    "collector.reset POST": Row(EVERYBODY, headers={"Sec-Fetch-Site": "same-origin"}),
}  # fmt: skip

MATRIX: dict[str, Row] = STOREFRONT | ACCOUNTS | BACKOFFICE | CONSOLE | CRM_PUBLIC | COLLECTOR
