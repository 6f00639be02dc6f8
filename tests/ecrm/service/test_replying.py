"""An agent's answer reaches whoever asked, belongs to the conversation, and is said once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from ecrm.installation import Installation
from ecrm.service.cases import Attached, Case, CaseMessage, ChangedMeanwhile, Channel, Opened, State, open_case
from ecrm.service.replying import NotAnswerable, answer
from mailer.enclosed import MOST_BYTES
from mailer.inbound.reading import read
from mailer.outbox import Email
from tracking.customers import CustomerEmail

from .desk import DESK, MIA, NOW, cases_of, come_in, go_out, known, letter, ready, said

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


@pytest.fixture
def plugin(plugin: Installation) -> Installation:
    return ready(plugin, ECRM_DESK_ACKNOWLEDGE=False)


def replied(plugin: Installation, text: str = "It comes tomorrow.", **more: object) -> CaseMessage:
    with plugin.sessions.begin() as session, plugin.app.app_context():
        case = session.scalars(select(Case).order_by(Case.id)).all()[-1]
        return answer(plugin, session, case, text, by=MIA, now=NOW, **more)  # type: ignore[arg-type]


def test_the_answer_goes_to_whoever_asked_and_quotes_what_they_wrote(plugin: Installation) -> None:
    come_in(plugin, letter("Where is it?\n<script>alert(1)</script>", message_id="<1@ada>"))
    replied(plugin, "Dear Ada,\n\nit comes tomorrow: https://garden.example/track <b>\n\nYours")
    (case,) = cases_of(plugin)
    (sent,) = go_out(plugin)
    assert sent["To"].addresses[0].addr_spec == "ada@example.net"
    assert sent["From"].addresses[0].addr_spec == DESK
    assert sent["Subject"] == f"Re: My parcel {case.subject_mark}"
    assert (sent["In-Reply-To"], sent["References"]) == ("<1@ada>", "<1@ada>")
    assert "Auto-Submitted" not in sent
    text = sent.get_body(("plain",)).get_content()
    assert text.split()[:4] == ["Dear", "Ada,", "it", "comes"]
    assert "> Where is it?" in text
    html = sent.get_body(("html",)).get_content()
    assert "<script" not in html
    assert 'href="https://garden.example/track"' in html
    assert (case.state, case.first_responded_at) == (State.OPEN, NOW)


def test_the_customer_s_answer_to_it_is_read_without_what_it_quotes(plugin: Installation) -> None:
    come_in(plugin, letter())
    replied(plugin)
    (sent,) = go_out(plugin)
    quoted = "\n".join(f"> {line}" for line in sent.get_body(("plain",)).get_content().splitlines())
    back = letter(f"Thank you!\n\n{quoted}", In_Reply_To=str(sent["Message-ID"]))
    assert read(back.as_bytes()).text == "Thank you!"
    come_in(plugin, back)
    (case,) = cases_of(plugin)
    assert [one.text for one in said(plugin, case)] == ["Where is my parcel?", "It comes tomorrow.", "Thank you!"]


def test_files_go_with_it(plugin: Installation) -> None:
    come_in(plugin, letter())
    files = (Attached("Etikett ü.png", "image/png", PNG), Attached("page.html", "text/html", b"<script>"))
    replied(plugin, attachments=files)
    (sent,) = go_out(plugin)
    got = [
        (one.get_filename(), one.get_content_type(), one.get_payload(decode=True)) for one in sent.iter_attachments()
    ]
    assert got == [("Etikett ü.png", "image/png", PNG), ("page.html", "application/octet-stream", b"<script>")]


def test_a_second_click_sends_nothing(plugin: Installation) -> None:
    come_in(plugin, letter())
    (case,) = cases_of(plugin)
    replied(plugin, version=case.version)
    with pytest.raises(ChangedMeanwhile):
        replied(plugin, version=case.version)
    assert len(go_out(plugin)) == 1


@pytest.mark.parametrize(
    "headers", [{"sender": "ada@example.net", "Auto_Submitted": "auto-replied"}, {"sender": "friend@work.example"}]
)
def test_neither_a_machine_nor_a_stranger_is_quoted_to_the_customer(
    plugin: Installation, headers: dict[str, str]
) -> None:
    come_in(plugin, letter("Where is it?", message_id="<1@ada>"))
    replied(plugin)
    (sent,) = go_out(plugin)
    come_in(plugin, letter("Private: 0171", In_Reply_To=str(sent["Message-ID"]), message_id="<2@x>", **headers))
    replied(plugin, "It came.")
    (sent,) = go_out(plugin)
    text = sent.get_body(("plain",)).get_content()
    assert ("0171" in text, "> Where is it?" in text, sent["In-Reply-To"]) == (False, True, "<1@ada>")


def test_whoever_gets_the_answer_too_may_be_quoted_in_it(plugin: Installation) -> None:
    come_in(plugin, letter("Where is it?", Cc="bob@example.org"))
    replied(plugin, copies=("bob@example.org",))
    _to_ada, to_bob = go_out(plugin)
    come_in(plugin, letter("At mine", sender="bob@example.org", In_Reply_To=str(to_bob["Message-ID"])))
    replied(plugin, copies=("bob@example.org",))
    assert all("> At mine" in sent.get_body(("plain",)).get_content() for sent in go_out(plugin))
    replied(plugin)
    (sent,) = go_out(plugin)
    assert "> Where is it?" in sent.get_body(("plain",)).get_content()


def test_the_customer_s_other_mailboxes_and_what_a_form_passed_on_are_quoted(plugin: Installation) -> None:
    ada = known(plugin)
    with plugin.sessions.begin() as session:
        session.add(CustomerEmail(folded="ada@home.example", customer_id=ada, added_at=NOW))
    come_in(plugin, letter("By the form", sender="forms@host.example", Reply_To="ada@example.net"))
    replied(plugin)
    (sent,) = go_out(plugin)
    assert "> By the form" in sent.get_body(("plain",)).get_content()
    with plugin.sessions.begin() as session:
        session.scalars(select(Case)).one().customer_id = ada  # an agent looked
    come_in(plugin, letter("From home", sender="ada@home.example", In_Reply_To=str(sent["Message-ID"])))
    replied(plugin)
    (sent,) = go_out(plugin)
    assert "> From home" in sent.get_body(("plain",)).get_content()


@pytest.mark.parametrize(
    ("text", "files", "words"),
    [
        ("  \n", (), "Write an answer"),
        ("x", (Attached("a", "text/plain", b"x" * (MOST_BYTES + 1)),), "send fewer"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words(
    plugin: Installation, text: str, files: tuple[Attached, ...], words: str
) -> None:
    come_in(plugin, letter())
    with pytest.raises(NotAnswerable, match=words):
        replied(plugin, text, attachments=files)
    with plugin.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Email)) == 0


@pytest.mark.parametrize("address", ["", "not an address"])
def test_somebody_without_an_address_is_not_answered_by_mail(plugin: Installation, address: str) -> None:
    with plugin.sessions.begin() as session:
        open_case(session, Opened(channel=Channel.PHONE, subject="A call", from_address=address), now=NOW)
    with pytest.raises(NotAnswerable):
        replied(plugin)
