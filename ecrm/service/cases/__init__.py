"""Cases: what people ask of the shop and what becomes of it. The API that mail, forms, calls and pages use.

    case = cases.open_case(session, cases.Opened(channel=…, subject=…, said=cases.Said(…)), now=now)
    cases.add_message(session, case, cases.Said(direction=cases.Direction.OUT, text=…, by=staff), now=now)
    cases.change(session, case, cases.Changes(state=cases.State.SOLVED), by=staff, now=now, version=seen)
    cases.log_step(session, case, "warranty_asked", by=staff, now=now, point=7)

All of it in the caller's transaction, which commits.
"""

from .adopting import PROVED, adopt_nameless, adopt_rest
from .arranger import Arranger, arrange_with
from .case import NEVER, OWED, UNSOLVED, Case, Channel, Kind, Priority, State
from .changing import MOVES, NO_TEAM, ChangedMeanwhile, Changes, NotAllowed, TeamPutAway, change, take
from .clock import calendar_for, note_breaches, reckon, team_calendar
from .finding import attachments_of, by_message_id, by_reference, messages_of, of_address, of_customer, recipients_of
from .forgetting import forget_before, forget_person
from .merging import NotMerged, merge
from .message import AttachmentContent, CaseAttachment, CaseMessage, CaseRecipient, Direction, Field
from .opening import Opened, open_case
from .saying import Attached, Recipient, Said, add_message, final, plain
from .step import CaseStep, log_step, steps_of
from .words import cases_with

__all__ = [
    "MOVES",
    "NEVER",
    "NO_TEAM",
    "OWED",
    "PROVED",
    "UNSOLVED",
    "Arranger",
    "Attached",
    "AttachmentContent",
    "Case",
    "CaseAttachment",
    "CaseMessage",
    "CaseRecipient",
    "CaseStep",
    "ChangedMeanwhile",
    "Changes",
    "Channel",
    "Direction",
    "Field",
    "Kind",
    "NotAllowed",
    "NotMerged",
    "Opened",
    "Priority",
    "Recipient",
    "Said",
    "State",
    "TeamPutAway",
    "add_message",
    "adopt_nameless",
    "adopt_rest",
    "arrange_with",
    "attachments_of",
    "by_message_id",
    "by_reference",
    "calendar_for",
    "cases_with",
    "change",
    "final",
    "forget_before",
    "forget_person",
    "log_step",
    "merge",
    "messages_of",
    "note_breaches",
    "of_address",
    "of_customer",
    "open_case",
    "plain",
    "recipients_of",
    "reckon",
    "steps_of",
    "take",
    "team_calendar",
]
