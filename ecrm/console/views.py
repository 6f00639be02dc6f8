"""Mounts the console; `/` leads each member of staff to the first area that their role opens."""

from __future__ import annotations

from flask import Flask, redirect, url_for
from werkzeug.wrappers import Response

from ecrm.access.roles import needs, signed_in_staff

from . import (
    ad_intensity,
    agreed,
    audience,
    audience_lists,
    audit,
    browsers,
    campaign,
    campaign_forms,
    campaigns,
    case_deeds,
    case_page,
    cohorts,
    costs,
    credits,
    customers,
    data_sources,
    deliveries,
    desk_reports,
    doubtful,
    emails,
    events,
    experiments,
    flows,
    imports,
    inbox,
    keywords,
    mail_reports,
    mailing_deeds,
    mailing_editor,
    mailing_looks,
    mailings,
    new_case,
    new_customers,
    new_products,
    orders,
    overview,
    product_report,
    questions,
    receipts,
    recommendation_models,
    recommendation_rules,
    recommendations,
    recommended_earnings,
    refinements,
    refunds,
    rehearsals,
    relationships,
    returns,
    search_keywords,
    site,
    site_funnel,
    site_landing,
    site_pages,
    site_speed,
    suppression,
    system,
    visits,
    voice,
    waiting,
)
from .blueprint import console, open_areas

AREAS = (
    mail_reports,
    audience,
    audience_lists,
    overview,
    orders,
    receipts,
    campaigns,
    campaign,
    campaign_forms,
    credits,
    costs,
    imports,
    site,
    visits,
    voice,
    site_landing,
    site_pages,
    site_speed,
    site_funnel,
    keywords,
    refinements,
    search_keywords,
    product_report,
    cohorts,
    new_customers,
    ad_intensity,
    refunds,
    experiments,
    inbox,
    new_case,
    case_page,
    case_deeds,
    customers,
    agreed,
    browsers,
    mailings,
    mailing_editor,
    mailing_looks,
    mailing_deeds,
    emails,
    desk_reports,
    doubtful,
    suppression,
    flows,
    rehearsals,
    relationships,
    waiting,
    deliveries,
    returns,
    events,
    questions,
    recommendation_models,
    recommendation_rules,
    new_products,
    recommendations,
    recommended_earnings,
    data_sources,
    system,
    audit,
)
"""The view modules; importing them puts their views on the blueprint."""


def init_app(app: Flask) -> None:
    """Mount the console where the host wants it."""
    app.register_blueprint(console, url_prefix=app.config["ECRM_CONSOLE_PREFIX"])


@console.get("/")
@needs(None)
def home() -> Response:
    """To the first area of the navigation."""
    first = open_areas(signed_in_staff())[0]
    return redirect(url_for(f"console.{first.endpoints[0]}"))
