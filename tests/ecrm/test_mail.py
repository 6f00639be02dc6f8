"""The e-mails about an order: one a cause, complete, with links that work in a mailbox."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from bs4 import BeautifulSoup
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import Engine

from ecrm import events
from ecrm.letters import visit_link
from ecrm.reactions import run_reactions
from ecrm.sending import make_signer, make_transport
from ecrm.training import train_models
from mailer.outbox import Email
from mailer.sender import send_due
from mailer.smtp import SmtpTransport
from mailer.transports import FolderTransport, MemoryTransport
from tracking.clickstream.sources import origin_of
from tracking.customers import Customer, customer_by_email

from .kites import Kites, delivered, open_kites, order, person, shipped, signed_up


@pytest.fixture
def kites(engine: Engine, tmp_path: Path) -> Kites:
    return open_kites(engine, tmp_path)


def test_an_order_is_confirmed_once_with_everything_in_it(kites: Kites) -> None:
    kites.tell(order())
    kites.tell(order())
    mail = kites.only(Email)
    assert (mail.subject, mail.to_address, mail.to_name) == ("Your order A1 is in", "ada@example.com", "Ada Byron")
    assert (mail.from_name, mail.from_address) == ("Kites & Co", "kites@kites.example")
    for words in (
        "Total: €35.00",
        "Discount: -€1.00",
        "Delivery: €3.00",
        "53111 Bonn",
        "Germany",
    ):
        assert words in mail.text
    assert "Nov 24, 2026" in mail.text
    assert "Blue &lt;kite&gt;" in mail.html
    assert "€35.00" in mail.html
    assert "90 cm · 2 pieces" in mail.html
    assert "2 × Blue <kite> (90 cm): €30.00" in mail.text


def test_links_and_pictures_are_absolute_whether_or_not_a_request_is_running(kites: Kites) -> None:
    kites.tell(order("A1"))
    with kites.app.test_request_context("/some/page", base_url="http://internal:8000"):
        kites.tell(order("A2"))
    for mail in kites.all(Email):
        assert f"https://kites.example/shop/orders/{mail.order_reference}?t=signed" in mail.text
        assert 'src="https://kites.example/shop/pictures/2.png"' in mail.html
        assert "internal" not in mail.html


def test_a_link_to_the_shop_says_which_e_mail_it_stood_in(kites: Kites) -> None:
    # given
    kites.tell(order())
    kites.tell(shipped())

    for mail in kites.all(Email):
        # then: each link to the shop, in both bodies, carries the e-mail's name
        page = BeautifulSoup(mail.html, "html.parser")
        links = [str(link["href"]) for link in page.find_all("a", href=re.compile("^https://kites.example/"))]
        links += re.findall(r"https://kites\.example/\S+", mail.text)
        assert len(links) >= 4
        for link in links:
            told = dict(parse_qsl(urlsplit(link).query))
            assert (told["utm_source"], told["utm_medium"], told["utm_campaign"]) == ("shop", "email", mail.template)
            origin = origin_of(told)
            assert (origin.channel, origin.campaign, origin.tagged) == ("email", mail.template, True)


def test_a_link_that_proves_something_is_left_as_it_is(kites: Kites) -> None:
    kites.tell(order())
    kites.app.test_client().post("/ecrm/recall", data={"email": "ada@example.com"})
    [mail] = kites.emails("recall")
    [link] = re.findall(r"https://kites\.example/shop/ecrm/recall/\S+", mail.text)
    assert "utm_" not in link


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/", "https://kites.example/?utm_source=shop&utm_medium=email&utm_campaign=news"),
        ("/o?t=1#part", "https://kites.example/o?t=1&utm_source=shop&utm_medium=email&utm_campaign=news#part"),
    ],
)
def test_the_tags_stand_in_the_query(kites: Kites, path: str, link: str) -> None:
    facts = replace(kites.storefront.facts(), base_url="https://kites.example")
    assert visit_link(facts, path, template="news") == link


def test_an_orders_own_contact_address_gets_its_e_mails_and_is_nobodys_account(kites: Kites) -> None:
    kites.tell(signed_up())
    kites.tell(order(who=person(account="7"), contact_email="office@work.example"))
    kites.tell(shipped())
    kites.tell(delivered())
    kites.tell(order("A2", who=person(account="7")))
    to = {(mail.order_reference, mail.template): mail.to_address for mail in kites.all(Email)}
    assert to == {
        ("A1", "order_confirmation"): "office@work.example",
        ("A1", "order_shipped"): "office@work.example",
        ("A1", "order_delivered"): "office@work.example",
        ("A2", "order_confirmation"): "ada@example.com",
    }
    assert kites.only(Customer).email == "ada@example.com"
    with kites.session() as session:
        assert customer_by_email(session, "office@work.example") is None


def one_of(line: events.OrderLine) -> dict[str, Any]:
    return {"lines": (line,), "goods_minor": line.net_minor, "total_minor": line.net_minor + 200}


def order_and_deliver_with_a_past(kites: Kites, contact_email: str) -> Email:
    """Everybody buys a red kite with a string; so did Ada, whose parcel with a blue one arrives now."""
    now = datetime.now(UTC)
    red = events.OrderLine(product_id="1", name="Red kite", quantity=1, net_minor=1500)
    string = events.OrderLine(product_id="3", name="String", quantity=1, net_minor=300)
    blue = events.OrderLine(product_id="2", name="Blue <kite>", quantity=1, net_minor=1700)
    for number in range(6):
        who, at = person(f"b{number}@example.com"), now - timedelta(days=20 + number)
        kites.tell(order(f"B{number}", who, at, lines=(red, string), goods_minor=1800, total_minor=2000))
    kites.tell(signed_up())
    kites.tell(order("A0", person(account="7"), now - timedelta(days=40), **one_of(red)))
    with kites.app.app_context():
        train_models(kites.crm)
    kites.tell(order("A1", person(account="7"), now, contact_email=contact_email, **one_of(blue)))
    kites.tell(shipped())
    kites.tell(delivered())
    [mail] = kites.emails("order_delivered")
    return mail


def test_what_a_customer_bought_is_told_to_nobody_at_another_address(kites: Kites) -> None:
    kites.app.config["ECRM_DELIVERED_OFFERS"] = 3
    mail = order_and_deliver_with_a_past(kites, "office@work.example")
    assert mail.to_address == "office@work.example"
    for body in (mail.text, mail.html):
        assert "You may like" not in body
        assert "Red kite" not in body
        assert "String" not in body


def test_the_customers_own_mailbox_gets_products_however_it_is_written(kites: Kites) -> None:
    kites.app.config["ECRM_DELIVERED_OFFERS"] = 3
    mail = order_and_deliver_with_a_past(kites, "Ada@EXAMPLE.com")
    assert mail.to_address == "Ada@example.com"
    assert "You may like these, too" in mail.html
    assert "Red kite" in mail.text


def test_a_parcels_news_recommends_nothing_unless_that_is_wished(kites: Kites) -> None:
    assert "You may like" not in order_and_deliver_with_a_past(kites, "").text


def test_a_drawing_that_mail_programs_show_as_broken_is_left_out_with_its_column(kites: Kites) -> None:
    kites.storefront.pictures = "svg"
    kites.tell(order())
    kites.tell(shipped())
    kites.tell(delivered())
    mails = kites.all(Email)
    assert len(mails) == 3
    assert not [mail.template for mail in mails if "<img" in mail.html or 'class="picture"' in mail.html]
    assert all("Blue &lt;kite&gt;" in mail.html for mail in mails)


def test_every_link_has_words_and_every_picture_a_text(kites: Kites) -> None:
    kites.tell(order())
    html = kites.only(Email).html
    assert all(alt.strip() for alt in re.findall(r'<img[^>]*alt="([^"]*)"', html))
    assert len(re.findall("<img", html)) == len(re.findall(r'<img[^>]*alt="[^"]+"', html))
    assert re.search(r"<style>[^<]*prefers-color-scheme: dark", html)
    assert "{{" not in html
    assert "{%" not in html


def test_an_order_is_told_on_its_way_and_delivered_a_parcel_each(kites: Kites) -> None:
    kites.tell(order())
    for parcel in ("P1", "P2"):
        kites.tell(shipped(parcel))
        kites.tell(shipped(parcel))
    kites.tell(delivered("P1"))
    assert [mail.subject for mail in kites.emails("order_shipped")] == ["Your order A1 is on its way"] * 2
    mail = kites.emails("order_shipped")[0]
    assert "DHL" in mail.text
    assert "00340434" in mail.html
    assert "2 × Blue <kite> (90 cm)\n" in mail.text
    assert [mail.subject for mail in kites.emails("order_delivered")] == ["Your order A1 was delivered"]
    assert {mail.order_reference for mail in kites.all(Email)} == {"A1"}
    assert len({mail.customer_id for mail in kites.all(Email)}) == 1


def test_a_name_cannot_add_headers_and_gets_its_mail(kites: Kites) -> None:
    kites.tell(order(who=person(first_name="Ada\r\nBcc: eve@example.com", last_name="x" * 300)))
    send_due(kites.crm.sessions, kites.transport, clock=lambda: datetime.now(UTC))
    message = message_from_bytes(kites.transport.sent[0].message, policy=default)
    assert message["Bcc"] is None
    assert [address.addr_spec for address in message["To"].addresses] == ["ada@example.com"]


def test_an_address_that_nobody_can_write_to_is_owed_and_shown_not_lost(kites: Kites) -> None:
    kites.tell(order(who=person("ada@example.com,eve@example.com")))
    assert kites.all(Email) == []
    assert kites.owed() == ["confirm_order"]


def test_the_host_overrides_a_template_by_a_file(kites: Kites, tmp_path: Path) -> None:
    own = tmp_path / "templates" / "mail" / "order_confirmation"
    own.mkdir(parents=True)
    (own / "subject.txt").write_text("Kites for {{ first_name }}")
    kites.tell(order())
    assert kites.only(Email).subject == "Kites for Ada"
    assert "Total: €35.00" in kites.only(Email).text


def test_a_broken_template_of_the_host_owes_the_mail_until_it_is_mended(kites: Kites, tmp_path: Path) -> None:
    own = tmp_path / "templates" / "mail" / "order_confirmation"
    own.mkdir(parents=True)
    (own / "subject.txt").write_text("{{ nobody_told_me }}")
    kites.tell(order())
    assert kites.owed() == ["confirm_order"]
    kites.app.extensions.pop("ecrm_mail_templates")
    (own / "subject.txt").write_text("Mended")
    run_reactions(kites.crm, [1])
    assert kites.only(Email).subject == "Mended"


def test_the_mail_goes_to_the_address_that_the_customer_has_now(kites: Kites) -> None:
    kites.tell(order(who=person("old@example.com", "7")))
    kites.tell(signed_up(email="new@example.com"))
    kites.tell(shipped())
    assert kites.emails("order_shipped")[0].to_address == "new@example.com"


def test_the_configured_transport_is_made(tmp_path: Path) -> None:
    config = {"ECRM_MAIL_TRANSPORT": "folder", "ECRM_MAIL_FOLDER": "var/mail"}
    folder = make_transport(config, tmp_path)
    assert isinstance(folder, FolderTransport)
    assert folder.folder == tmp_path / "var/mail"
    assert isinstance(make_transport({"ECRM_MAIL_TRANSPORT": "memory"}, tmp_path), MemoryTransport)
    smtp = make_transport(
        {
            "ECRM_MAIL_TRANSPORT": "smtp", "ECRM_SMTP_HOST": "mail.example", "ECRM_SMTP_PORT": "587",
            "ECRM_SMTP_SECURITY": "starttls", "ECRM_SMTP_USER": "u", "ECRM_SMTP_PASSWORD": "secret",
            "ECRM_SMTP_CONNECTIONS": 4, "ECRM_SMTP_EMAILS_PER_CONNECTION": 100,
        },
        tmp_path,
    )  # fmt: skip
    assert isinstance(smtp, SmtpTransport)
    assert smtp.port == 587
    assert "secret" not in repr(smtp)
    with pytest.raises(ValueError, match="pigeon"):
        make_transport({"ECRM_MAIL_TRANSPORT": "pigeon"}, tmp_path)


def test_the_configured_keys_sign(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    (tmp_path / "ed.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert make_signer({"ECRM_DKIM_DOMAIN": "", "ECRM_DKIM_KEYS": ()}, tmp_path) is None
    config = {"ECRM_DKIM_DOMAIN": "Shop.example", "ECRM_DKIM_KEYS": ("s2026=ed.pem",)}
    signer = make_signer(config, tmp_path)
    assert signer is not None
    assert (signer.domain, signer.keys[0].selector) == ("shop.example", "s2026")
    for wrong, says in (
        ({"ECRM_DKIM_KEYS": ()}, "together"),
        ({"ECRM_DKIM_KEYS": ("ed.pem",)}, "selector=file"),
        ({"ECRM_DKIM_KEYS": ("s=no.pem",)}, "no.pem"),
    ):
        with pytest.raises(ValueError, match=says):
            make_signer(config | wrong, tmp_path)
