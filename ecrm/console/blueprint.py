"""The console's blueprint: what is true of each of its pages (headers, navigation, error pages in its own dress)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, g, render_template, request, session, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import BadRequest, HTTPException, NotFound, RequestEntityTooLarge

from ecrm import csp, csrf, wording
from ecrm.access.roles import NotPermitted, Permission, permissions_of, present_staff
from ecrm.customers.phones import call_link
from ecrm.installation import installation
from ecrm.paths import STATIC
from ecrm.storefront import Staff

from .periods import PRESETS, kept_args
from .state_words import words_of_states

_ = wording.gettext

console = Blueprint("console", __name__, static_folder=str(STATIC), static_url_path="/static")
csrf.protect(console)

DEFAULT_REASON = "customer asked"


@dataclass(frozen=True)
class Tab:
    """A page of an area with several. `endpoints` are the views that belong to it; the first one opens it, `permission`
    is needed for that where it is another than the area's.
    """

    label: str
    endpoints: tuple[str, ...]
    permission: Permission | None = None


@dataclass(frozen=True)
class Area:
    """An entry of the navigation, under the heading `group`.

    `endpoints` are the views that belong to it; the first one opens it. An area with `tabs` shows them on each of its
    pages; the views of the tabs belong to it, too. Links to an area that `keeps` take period and segment along.
    """

    permission: Permission
    label: str
    icon: str
    endpoints: tuple[str, ...]
    group: str = ""
    tabs: tuple[Tab, ...] = ()
    keeps: bool = False

    def holds(self, endpoint: str) -> bool:
        """Whether this view belongs to the area."""
        return endpoint in self.endpoints or any(endpoint in tab.endpoints for tab in self.tabs)


@wording.by_language
def areas() -> tuple[Area, ...]:
    """All areas, in the order of the navigation and in the reader's language."""
    sales, site, people, machinery = _("Sales"), _("Site"), _("People"), _("Behind it")
    letters, desk = _("E-mail"), _("Desk")
    return (
        Area(Permission.OVERVIEW, _("Overview"), "chart", ("overview",), sales, keeps=True),
        Area(Permission.OVERVIEW, _("Orders"), "bag", ("orders", "refunds", "receipt"), sales),
        Area(Permission.OVERVIEW, _("Products"), "tag", ("products", "product"), sales, keeps=True),
        Area(
            Permission.OVERVIEW, _("Cohorts"), "cohort", ("cohorts",), sales, keeps=True,
            tabs=(
                Tab(_("Cohorts"), ("cohorts",)),
                Tab(_("New and returning"), ("new_customers",)),
            ),
        ),
        Area(Permission.OVERVIEW, _("Ad intensity"), "wave", ("ad_intensity",), sales, keeps=True),
        Area(
            Permission.OVERVIEW, _("Campaigns"), "flag", ("campaigns",), sales, keeps=True,
            tabs=(
                Tab(
                    _("Campaigns"),
                    (
                        "campaigns", "campaign", "campaign_link", "new_campaign", "create_campaign", "edit_campaign",
                        "change_campaign_now", "credits",
                    ),
                ),
                Tab(_("E-mails"), ("mail_results", "mail_result")),
                Tab(_("Costs"), ("costs", "enter_costs")),
                Tab(_("Imports"), ("imports", "upload_import", "check_import", "write_import"), Permission.CAMPAIGNS),
            ),
        ),
        Area(
            Permission.OVERVIEW, _("Site"), "screen", ("site",), site, keeps=True,
            tabs=(
                Tab(_("Visits"), ("site", "visits")),
                Tab(_("Landing pages"), ("landing_pages",)),
                Tab(_("Pages"), ("pages", "page")),
                Tab(_("Speed"), ("speed",)),
                Tab(_("Funnel"), ("funnel",)),
            ),
        ),
        Area(
            Permission.OVERVIEW, _("Experiments"), "flask",
            ("experiments", "start_experiment", "experiment", "experiment_rows", "stop_experiment"), site,
        ),
        Area(
            Permission.OVERVIEW, _("Keywords"), "search", ("keywords",), site, keeps=True,
            tabs=(
                Tab(_("On the site"), ("keywords", "keyword")),
                Tab(_("Refined searches"), ("refinements",)),
                Tab(_("Search engines"), ("search_keywords",)),
            ),
        ),
        Area(
            Permission.CASES, _("Inbox"), "letter", ("inbox",), desk,
            tabs=(
                Tab(
                    _("Cases"),
                    (
                        "inbox", "change_cases", "case", "change_case", "reply_to_case", "merge_case", "new_case",
                        "open_new_case",
                    ),
                ),
                Tab(
                    _("Put aside"),
                    ("put_aside", "put_aside_letter", "make_case_of_letter", "dismiss_letter"),
                ),
            ),
        ),
        Area(
            Permission.CUSTOMERS, _("Customers"), "person",
            (
                "customers", "find_customer", "customer", "customer_mail", "customer_browsers", "visit_steps",
                "write_note",
            ),
            desk,
        ),
        Area(Permission.CASES, _("Calls"), "phone", ("calls", "enter_call", "open_case_of_call"), desk),
        Area(
            Permission.CUSTOMERS, _("Warranty"), "shield", ("unit_check",), desk,
            tabs=(
                Tab(_("Warranty check"), ("unit_check", "unit", "enter_unit", "ask_service_point")),
                Tab(_("Enter many"), ("many_units", "upload_units", "check_units", "enter_units")),
                Tab(
                    _("Service points"),
                    ("list_service_points", "add_service_point", "upload_service_points", "service_point",
                     "change_service_point"), Permission.DESK,
                ),
            ),
        ),
        Area(
            Permission.DELIVERIES, _("Deliveries"), "truck", ("deliveries",), desk,
            tabs=(
                Tab(_("Parcels"), ("deliveries", "delivery", "scan_by_hand", "delivered_by_hand")),
                Tab(_("Enter many"), ("many_parcels", "upload_parcels", "check_parcels", "enter_parcels")),
                Tab(_("Returns"), ("returns", "one_return", "change_return")),
                Tab(_("What comes back"), ("return_reasons",)),
            ),
        ),
        Area(
            Permission.OVERVIEW, _("Desk figures"), "chart", ("desk_report",), desk, keeps=True,
            tabs=(
                Tab(_("Cases"), ("desk_report", "desk_report_cases")),
                Tab(_("Product questions"), ("desk_products",)),
            ),
        ),
        # An area of its own: who sees how the desk is set up and runs its tests needn't see what people wrote.
        Area(
            Permission.DESK, _("Desk set-up"), "gear", ("desk_routing",), desk,
            tabs=(
                Tab(_("Routing"), ("desk_routing", "save_rule", "save_example")),
                Tab(_("Teams"), ("desk_teams", "save_team", "save_agent")),
                Tab(_("Targets"), ("desk_targets", "save_desk_targets")),
                Tab(_("Macros"), ("desk_macros", "save_macro")),
            ),
        ),
        Area(
            Permission.DESK, _("Relationships"), "people",
            ("relationships", "set_relationship_policy", "relationship_customers", "relationship_breaches"), desk,
        ),
        Area(
            Permission.VOICE, _("Reviews & questions"), "star", ("reviews", "judge_review"), desk,
            tabs=(
                Tab(_("Reviews"), ("reviews", "judge_review")),
                Tab(_("Product questions"), ("questions", "judge_question")),
            ),
        ),
        Area(
            Permission.CAMPAIGNS, _("Segments"), "people", ("audience",), people,
            tabs=(
                Tab(
                    _("Segments"),
                    (
                        "audience", "new_segment", "make_segment", "segment", "change_segment", "segment_members",
                        "segment_why", "find_in_segment",
                    ),
                ),
                Tab(_("Lists"), ("contact_lists", "upload_list", "contact_list", "import_to_list")),
                Tab(_("RFM groups"), ("rfm_groups",)),
            ),
        ),
        Area(
            Permission.RECOMMENDATIONS,
            _("Recommendations"),
            "spark",
            ("recommendations",),
            people,
            tabs=(
                Tab(_("What is shown"), ("recommendations", "find_recommended_to", "recommended_to")),
                Tab(_("New products"), ("new_products",)),
                Tab(
                    _("Rules"), ("recommendation_rules", "make_recommendation_rule", "end_recommendation_rule"),
                ),
                Tab(_("Models"), ("recommendation_models", "go_back_to_model")),
                Tab(
                    _("What they earn"), ("recommended_earnings", "recommended_credits"), Permission.OVERVIEW,
                ),
            ),
        ),
        Area(
            Permission.CAMPAIGNS, _("Mailings"), "megaphone",
            (
                "mailings", "create_mailing", "mailing", "change_mailing", "edit_variant", "save_variant",
                "change_variants", "look_at_mailing", "find_reader", "test_mailing", "confirm_mailing",
                "do_with_mailing",
            ),
            letters,
        ),
        Area(
            Permission.EMAILS, _("Flows"), "flow", ("flows",), letters,
            tabs=(
                Tab(_("Flows"), ("flows", "flow", "change_flow")),
                Tab(_("Rehearsals"), ("rehearsals", "ask_rehearsal", "rehearsal")),
                Tab(_("Waitlists"), ("waitlists",)),
                Tab(_("Holidays"), ("holidays",)),
            ),
        ),
        Area(Permission.EMAILS, _("E-mails"), "letter", ("emails", "find_emails", "email", "doubtful_emails"), letters),
        Area(
            Permission.EMAILS, _("Held back"), "shield",
            (
                "suppression", "find_suppression", "add_suppression", "lift_suppression", "import_suppressions",
                "release_pause",
            ),
            letters,
        ),
        Area(Permission.EVENTS, _("Events"), "list", ("events", "find_events", "event"), machinery),
        Area(
            Permission.SYSTEM, _("Data sources"), "key", ("data_sources", "add_data_source", "revoke_data_source"),
            machinery,
        ),
        Area(Permission.SYSTEM, _("System"), "gear", ("system", "examine_mail"), machinery),
        Area(Permission.AUDIT, _("Audit"), "eye", ("audit",), machinery),
    )  # fmt: skip


def open_areas(staff: Staff) -> list[Area]:
    """The areas that this member of staff may open."""
    permitted = permissions_of(staff.role)
    return [area for area in areas() if area.permission in permitted]


def open_url(endpoint: str, **values: Any) -> str:
    """The address of a page that an installation may be without; empty where it is."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""


def kept_reason() -> str:
    """Why this member of staff looks at people, as they last said in this browser session."""
    reason: str = session.get("ecrm_reason", DEFAULT_REASON)
    return reason


@console.context_processor
def _for_every_page() -> dict[str, Any]:
    staff = present_staff()
    crm = installation()
    here = (request.endpoint or "").removeprefix("console.")
    opened = open_areas(staff) if staff else []
    return {
        "_": wording.for_this_page(),
        "ngettext": wording.ngettext,
        "clock": wording.clock,
        "number": wording.number,
        "percent": wording.percent,
        "csrf_token": generate_csrf,
        "nonce": csp.nonce(),
        "facts": crm.storefront.facts(),
        "storefront": crm.storefront,
        "staff": staff,
        "areas": opened,
        "area": next((area for area in opened if area.holds(here)), None),
        "here": here,
        "open_url": open_url,
        "call_link": lambda number, country: call_link(number, country=country, facts=crm.storefront.facts()),
        "presets": PRESETS,
        "words_of_states": words_of_states(),
        "kept_args": kept_args,
        "can": {permission.value for permission in permissions_of(staff.role)} if staff else set(),
        "reason": kept_reason(),
    }


@console.after_request
def _seal(response: Response) -> Response:
    """Personal data belong in no cache, no index and no foreign frame, whatever the host does on its own pages."""
    headers = response.headers
    if request.endpoint != "console.static":
        headers["Cache-Control"] = "no-store"
    headers["X-Robots-Tag"] = "noindex, nofollow"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; frame-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    return response


@console.errorhandler(NotPermitted)
def _not_permitted(_error: NotPermitted) -> tuple[str, int]:
    return render_template("ecrm/console/not_permitted.html"), 403


@console.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> tuple[str, int]:
    most = g.get("most_bytes", request.max_content_length)  # a page that takes files allows some more for the form
    words = _(
        "That is too large%(limit)s. Nothing was changed. Go back with your browser, where what you typed still "
        "stands, and shorten it, or choose fewer or smaller files.",
        limit=_(": at most %(most)s can be sent at once", most=_size(most)) if most else "",
    )
    return render_template("ecrm/console/problem.html", error=RequestEntityTooLarge(words)), 413


def _size(count: int) -> str:
    """Rounded down: what is said can be sent."""
    many = count >= 1_000_000
    return f"{wording.number(count // 100_000 / 10)} MB" if many else f"{wording.number(count // 1000)} kB"


@console.errorhandler(BadRequest)
@console.errorhandler(NotFound)
def _problem(error: HTTPException) -> tuple[str, int]:
    return render_template("ecrm/console/problem.html", error=error), error.code or 500
