"""Every module that defines a CRM table; importing this one fills `Record.metadata` for migrations and tests."""

from mailer import (
    consent,
    contacts,
    double_opt_in,
    engagement,
    mailings,
    outbox,
    pausing,
    rates,
    reports,
    supply,
    suppression,
    waitlists,
)
from mailer.flows import entry
from recommender import store
from tracking import customers, notes, orders, visitors
from tracking.clickstream import (
    archive,
    dimensions,
    event,
    forgotten_days,
    inbox,
    rollups,
    searches,
    sessions,
    sheets,
    touchpoints,
)
from tracking.delivery import messages, polling, returns, shipment
from tracking.record import Record

from . import job_runs, ledger, rehearsal_book
from .access import audit
from .collector import write_keys
from .customers import checkout_memory, lists, product_labels, recall, worth
from .customers.segments import segment
from .marketing import campaigns, experiments, rules
from .marketing.attribution import credits
from .marketing.imports import uploads
from .marketing.recommended import tables as recommended
from .recommending import choices
from .service import (
    calls,
    inbound_mail,
    macros,
    offers_shown,
    relationship,
    routing_rules,
    service_points,
    targets,
    teams,
    units,
    warranty,
)
from .service import notes as customer_notes
from .service.cases import case, message, step, words
from .voice import questions, reviews

MODULES = (
    messages, polling, returns,
    archive, audit, campaigns, case, checkout_memory, choices, consent, contacts, credits, customers, dimensions,
    double_opt_in, engagement, entry, event, experiments, forgotten_days, inbox, job_runs, ledger, lists, mailings,
    macros, message, notes, orders, outbox, pausing, product_labels, questions, rates, recall, recommended,
    rehearsal_book,
    relationship, reports, reviews, rollups, rules, searches, segment, sessions,
    sheets, shipment, store, supply, suppression, touchpoints, uploads, visitors, waitlists, worth,
    calls, inbound_mail, write_keys, routing_rules, step, targets, teams, words,
    customer_notes, offers_shown, service_points, units, warranty,
)  # fmt: skip
METADATA = Record.metadata
