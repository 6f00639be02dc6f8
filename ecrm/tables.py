"""Every module that defines a CRM table; importing this one fills `Record.metadata` for migrations and tests."""

from mailer import outbox
from recommender import store
from tracking import customers, orders, visitors
from tracking.clickstream import event, rollups, searches, sessions
from tracking.delivery import shipment
from tracking.record import Record

from . import job_runs, ledger
from .access import audit
from .customers import checkout_memory, recall

MODULES = (
    audit, checkout_memory, customers, event, job_runs, ledger, orders, outbox, recall, rollups, searches,
    sessions, shipment, store, visitors,
)  # fmt: skip
METADATA = Record.metadata
