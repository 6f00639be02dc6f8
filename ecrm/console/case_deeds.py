"""What agents do to one case: answer, note, change, merge, open a file. Two at once: the second is told, and loses
nothing of what they typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from flask import Response as FlaskResponse
from flask import flash, g, redirect, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ecrm.access.audit import Action, record_look
from ecrm.access.roles import Permission, needs, signed_in_staff
from ecrm.installation import installation
from ecrm.service import cases
from ecrm.service.cases import Attached, Case, Changes, Direction, Kind, Priority, Said, State
from ecrm.service.drafts import macro_values
from ecrm.service.macros import Macro, filled_in
from ecrm.service.replying import NotAnswerable, answer
from ecrm.service.teams import agents, teams
from ecrm.wording import gettext as _
from mailer.enclosed import MOST_BYTES

from .blueprint import console, kept_reason
from .case_page import Typed, case_url, find_case, news_since, render_case, seen_version
from .case_words import state_words, team_put_away
from .queries import LARGEST, LARGEST_INTEGER

MOST_UPLOADED = 11 * 1024 * 1024
MOST_TEXT = 100_000
_SHOWN_AS = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"})


@console.url_value_preprocessor
def _let_files_in(endpoint: str | None, _values: Mapping[str, object] | None) -> None:
    """Files are larger than the host's limit for forms; here, since the check of the token reads the body first."""
    if endpoint == "console.reply_to_case":
        request.max_content_length, g.most_bytes = MOST_UPLOADED, MOST_BYTES


@console.post("/cases/<reference>/reply")
@needs(Permission.CASES)
def reply_to_case(reference: str) -> Response | tuple[str, int]:
    """Send the answer, keep a note, or put a macro's words into the box; by the button that was pressed."""
    words = cases.plain(request.form.get("text", "")[:MOST_TEXT]).replace("\r\n", "\n")
    typed = Typed(
        text=words, then=request.form.get("then", ""), macro=request.form.get("macro", ""),
        copies=tuple(request.form.getlist("copy")[:50]),
    )  # fmt: skip
    if request.form.get("do") == "macro":
        return _put_in(reference, typed)
    return _do(reference, typed, _note if request.form.get("do") == "note" else _send)


@console.post("/cases/<reference>/change")
@needs(Permission.CASES)
def change_case(reference: str) -> Response | tuple[str, int]:
    """Change state, priority, kind, owner, team, order, product or spam."""
    names = ("state", "priority", "kind", "owner", "team", "order", "product", "spam")
    return _do(reference, Typed(fields={name: request.form.get(name, "").strip() for name in names}), _change)


@console.post("/cases/<reference>/merge")
@needs(Permission.CASES)
def merge_case(reference: str) -> Response | tuple[str, int]:
    """Merge this case into another of the same person."""
    return _do(reference, Typed(fields={"into": request.form.get("into", "").strip()[:30]}), _merge)


@console.get(f"/cases/<reference>/files/<int(max={LARGEST}):file_id>")
@needs(Permission.CASES)
def case_file(reference: str, file_id: int) -> Response:
    """A file that came with a message: always as a download, never run by the browser."""
    with installation().sessions.begin() as session:
        here = find_case(session, reference)
        file = session.get(cases.CaseAttachment, file_id)
        message = session.get(cases.CaseMessage, file.message_id) if file is not None else None
        content = session.get(cases.AttachmentContent, file.digest) if file is not None else None
        if file is None or message is None or content is None or message.case_id != here.id:
            raise NotFound(_("There is no such file in this case; it may have been erased."))
        record_look(
            session, signed_in_staff(), Action.CASE_FILE_READ, subject=f"case:{here.reference}", reason=kept_reason(),
            now=datetime.now(UTC),
        )  # fmt: skip
        plain = file.content_type if file.content_type in _SHOWN_AS else "application/octet-stream"
        answered = FlaskResponse(content.content, mimetype=plain)
        answered.headers.set("Content-Disposition", "attachment", filename=_file_name(file.name))
    answered.headers["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return answered


class _Refused(Exception):
    """A form that can't be done; the message says why and what to do."""


def _do(reference: str, typed: Typed, deed: object) -> Response | tuple[str, int]:
    """One deed in one transaction; whatever refuses it comes back with the page, and with all that was typed."""
    version, seen = seen_version()
    crm, now = installation(), datetime.now(UTC)
    try:
        with crm.sessions.begin() as session:
            here = find_case(session, reference)
            went_on = deed(session, here, typed, version=version, now=now)  # type: ignore[operator]
            target = went_on.reference
    except cases.ChangedMeanwhile:
        with crm.sessions() as session:
            news = news_since(session, find_case(session, reference), seen)
        trouble = _("This case changed meanwhile. Nothing was done; look at what is new and press the button again.")
        return render_case(reference, replace(typed, trouble=trouble, news=news)), 409
    except cases.TeamPutAway as refusal:
        return render_case(reference, replace(typed, trouble=team_put_away(refusal))), 422
    except cases.NotAllowed as refusal:
        words = state_words()
        trouble = _("A case that is %(now)s can't become %(wanted)s.", now=words.get(refusal.now, refusal.now),
                    wanted=words.get(refusal.wanted, refusal.wanted))  # fmt: skip
        return render_case(reference, replace(typed, trouble=trouble)), 422
    except (_Refused, NotAnswerable) as refusal:
        return render_case(reference, replace(typed, trouble=str(refusal))), 422
    return redirect(case_url(target), 303)


def _send(session: Session, here: Case, typed: Typed, *, version: int | None, now: datetime) -> Case:
    changes = _afterwards(session, typed)
    message = answer(
        installation(), session, here, typed.text.strip(), by=signed_in_staff(), attachments=_uploaded(),
        copies=typed.copies or (), version=version, now=now,
    )  # fmt: skip
    went_on = session.get_one(Case, message.case_id)
    cases.change(session, went_on, changes, now=now, by=signed_in_staff(), why=_macro_name(session, typed))
    everybody = ", ".join(dict.fromkeys((went_on.from_address, *(typed.copies or ()))))
    flash(_("The answer is on its way to %(address)s.", address=everybody))
    return went_on


def _note(session: Session, here: Case, typed: Typed, *, version: int | None, now: datetime) -> Case:
    files = _uploaded()
    if not typed.text.strip() and not files:
        raise _Refused(_("Write something first: the note is empty."))
    cases.take(session, here, version=version)
    said = Said(direction=Direction.NOTE, text=typed.text.strip(), by=signed_in_staff(), attachments=files)
    message = cases.add_message(session, here, said, now=now)
    return session.get_one(Case, message.case_id)


def _put_in(reference: str, typed: Typed) -> tuple[str, int]:
    """The macro's words in place of the untouched draft, else below what was typed."""
    crm, staff = installation(), signed_in_staff()
    with crm.sessions() as session:
        here = find_case(session, reference)
        macro = _macro(session, typed.macro)
        if macro is None:
            return render_case(reference, replace(typed, trouble=_("Choose a macro first."))), 422
        words = filled_in(macro.text, macro_values(crm, session, here, staff=staff, now=datetime.now(UTC)))
        then = macro.state or typed.then
    untouched = typed.text.strip() == request.form.get("draft", "").replace("\r\n", "\n").strip()
    text = words if untouched or not typed.text.strip() else f"{typed.text.rstrip()}\n\n{words}"
    return render_case(reference, replace(typed, text=text if words else typed.text, then=then)), 200


def _change(session: Session, here: Case, typed: Typed, *, version: int | None, now: datetime) -> Case:
    cases.change(session, here, _read(session, here, typed.fields), now=now, by=signed_in_staff(), version=version)
    return here


def _merge(session: Session, here: Case, typed: Typed, *, version: int | None, now: datetime) -> Case:
    into = cases.by_reference(session, typed.fields["into"])
    if into is None:
        raise _Refused(_("There is no case “%(into)s” to merge into.", into=typed.fields["into"]))
    try:
        return cases.merge(session, here, into, now=now, by=signed_in_staff(), version=version)
    except cases.NotMerged as refusal:
        words = {
            "itself": _("That is this case itself."),
            "merged": _("This case was merged already."),
            "other_person": _("That case is another person's. Merged, one would get answers that quote the other."),
        }
        raise _Refused(words[refusal.why]) from None


def _read(session: Session, here: Case, fields: dict[str, str]) -> Changes:
    """The changes of the form; a field that isn't there changes nothing."""
    state, priority, kind = fields["state"], fields["priority"], fields["kind"]
    known = {one.staff_id for one in agents(session)} | {""}
    if state not in {"", *State} or priority not in {"", "1", "2", "3", "4"} or kind not in {"", *Kind}:
        raise _Refused(_("State, priority or kind isn't one of the choices. Choose again."))
    if "owner" in request.form and fields["owner"] not in known:
        raise _Refused(_("This owner isn't at the desk any more. Choose another."))
    if fields["team"] and fields["team"] not in {"0", str(here.team_id), *(str(one.id) for one in teams(session))}:
        raise _Refused(_("There is no such team any more. Choose another."))
    if (
        max(len(fields["order"]), len(fields["product"])) > 64
        or not (fields["order"] + fields["product"]).isprintable()
    ):
        raise _Refused(_("The order's or product's number is too long or can't be read."))
    return Changes(
        state=State(state) if state else None, priority=Priority(int(priority)) if priority else None,
        kind=Kind(kind) if kind else None, owner=fields["owner"] if "owner" in request.form else None,
        team_id=int(fields["team"]) if fields["team"] else None,
        order_reference=fields["order"].lstrip("#") if "order" in request.form else None,
        product=fields["product"] if "product" in request.form else None,
        spam={"yes": True, "no": False}.get(fields["spam"]),
    )  # fmt: skip


def _afterwards(session: Session, typed: Typed) -> Changes:
    """What becomes of the case after the answer: the macro's deeds, and the state that was chosen."""
    if typed.then not in {"", State.OPEN, State.WAITING, State.SOLVED, State.CLOSED}:
        raise _Refused(_("Choose what becomes of the case after the answer."))
    macro = _macro(session, typed.macro)
    changes = macro.changes if macro is not None else Changes()
    return replace(changes, state=State(typed.then)) if typed.then else changes


def _macro(session: Session, number: str) -> Macro | None:
    if not (number.isascii() and number.isdigit() and len(number) <= 10 and int(number) <= LARGEST_INTEGER):
        return None
    macro = session.get(Macro, int(number))
    return macro if macro is not None and macro.archived_at is None else None


def _macro_name(session: Session, typed: Typed) -> str:
    macro = _macro(session, typed.macro)
    return macro.name if macro is not None else ""


def _uploaded() -> tuple[Attached, ...]:
    return tuple(_attached(one) for one in request.files.getlist("files") if one.filename)


def _attached(file: FileStorage) -> Attached:
    try:
        return Attached(file.filename or "file", file.mimetype or "application/octet-stream", file.read())
    finally:
        file.close()  # large ones lie in a file of their own meanwhile


def _file_name(name: str) -> str:
    kept = "".join(letter for letter in name if letter.isprintable() and letter not in '/\\:*?"<>|')
    return kept.strip(". ") or "file"
