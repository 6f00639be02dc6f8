"""The sentences of drafts, and in words for the agent why each is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecrm.storefront import ShopFacts
from ecrm.wording import day, money
from ecrm.wording import gettext as _


@dataclass(frozen=True)
class Sentence:
    """What the customer reads, and why."""

    text: str
    why: str


def say(key: str, v: Mapping[str, Any], shop: ShopFacts) -> str:
    """The sentence of a key in the present language."""
    if key == "hello":
        return _("Hello %(name)s,", name=v["name"]) if v["name"] else _("Hello,")
    if key.startswith("thanks_"):
        return _thanks(v["kind"])
    if key.startswith("parcel_"):
        return _parcel(key, v)
    if key.startswith("return_"):
        return _return(key, v)
    if key == "warranty_runs":
        return _("The warranty of your %(name)s runs until %(day)s.", name=v["name"], day=day(v["until"]))
    if key == "warranty_over":
        return _("The warranty of your %(name)s ended on %(day)s.", name=v["name"], day=day(v["until"]))
    if key == "refund":
        return _("We gave back %(amount)s on %(day)s.", amount=money(v["minor"], v["currency"]), day=day(v["at"]))
    if key == "order":
        return _("I have looked up your order %(order)s of %(day)s.", order=v["order"], day=day(v["at"]))
    if key == "order_guessed":
        return _(
            "I take it that you mean your latest order, %(order)s of %(day)s; if it is another one, please tell me its "
            "number.",
            order=v["order"], day=day(v["at"]),
        )  # fmt: skip
    if key == "data":
        return _(
            "You get our answer to your request about your personal data by %(day)s at the latest.", day=day(v["by"])
        )
    if key == "follow":
        return _("You can follow it here: %(url)s", url=v["url"])
    return {
        "late_answer": _("I am sorry that you had to wait for this answer."),
        "again": _("I am sorry that this wasn't settled the first time."),
        "ask_order": _("Which order is it about? Its number stands in the e-mail that confirmed it."),
        "not_found": _(
            "If it isn't there, please look where parcels are left at your door and ask your neighbours. If nobody "
            "has it, tell me, and I ask the carrier for the proof of delivery."
        ),
        "did_merge": _("I have put your messages about this together, so that nothing is answered twice."),
        "did_hurry": _("I have given this a higher priority."),
        "did_pass_on": _("I have passed this on to the colleagues who know most about it."),
        "did_warranty_sent": _("I have asked the service point to repair it under the warranty."),
        "did_warranty_accepted": _("The service point has accepted the repair."),
        "did_warranty_repaired": _("The service point tells us that it is repaired."),
        "did_warranty_returned": _("It is on its way back to you from the service point."),
        "did_warranty_refused": _("The service point tells us that the warranty doesn't cover this."),
        "end": _("If anything is still open, just answer this e-mail."),
        "end_praise": _("It is good to hear from you; I will pass it on to everybody here."),
    }[key]  # fmt: skip


def because(key: str, v: Mapping[str, Any]) -> str:
    """Why the sentence is there, for the agent."""
    if key == "hello":
        if not v["name"]:
            return _("no name is known")
        return _("the customer's first name") if v["named"] else _("the name in the message")
    if key.startswith("thanks_"):
        return _("the kind of the case")
    if key.startswith("parcel_"):
        return _because_parcel(key, v)
    if key == "order":
        return _("the order of the case")
    if key.startswith("return_"):
        return _("return %(return)s", **{"return": v["reference"]})
    if key.startswith("warranty_"):
        return _("the piece with the serial number %(serial)s", serial=v["serial"])
    if key == "refund":
        return _("refund %(refund)s", refund=v["reference"])
    if key.startswith("did_"):
        who = v["by"] or _("the desk itself")
        return _("the case's log, %(day)s, %(who)s", day=day(v["at"]), who=who)
    return {
        "late_answer": _("the first answer was due on %(day)s", day=day(v["due"])) if "due" in v else "",
        "again": _("the case was opened again"),
        "order_guessed": _("the customer's latest order: the case names none"),
        "ask_order": _("no order of the last 60 days is known for this address"),
        "not_found": _("the parcel was delivered before this was written"),
        "follow": _("the parcel's page, which tells nobody whose it is"),
        "data": _("one month from the request: GDPR, article 12(3)"),
    }.get(key, _("always"))  # fmt: skip


def _thanks(kind: str) -> str:
    return {
        "complaint": _("Thank you for telling us, and I am sorry that this went wrong."),
        "praise": _("Thank you very much for your kind words."),
        "return": _("Thank you for your message about sending something back."),
        "warranty": _("Thank you for your message; I am sorry that it doesn't work as it should."),
        "delivery": _("Thank you for asking about your delivery."),
        "data": _("Thank you for your request."),
    }.get(kind, _("Thank you for your message."))


def _return(key: str, v: Mapping[str, Any]) -> str:
    named = {"reference": v["reference"], "day": day(v["at"])}
    return {
        "return_requested": _("Your return %(reference)s of %(day)s is with us and will be looked at.", **named),
        "return_approved": _("Your return %(reference)s was approved on %(day)s; the label was mailed.", **named),
        "return_sent": _("Your return %(reference)s is on its way to us since %(day)s.", **named),
        "return_received": _("Your return %(reference)s arrived here on %(day)s; the refund comes next.", **named),
        "return_refunded": _("Your return %(reference)s was settled on %(day)s.", **named),
        "return_refused": _("Your return %(reference)s couldn't be accepted.", **named),
        "return_cancelled": _("Your return %(reference)s was taken back.", **named),
    }[key]  # fmt: skip


def _parcel(key: str, v: Mapping[str, Any]) -> str:
    """What becomes of a parcel; with its goods where there are several, so that it is clear which is meant."""
    words = _becomes(key, v)
    if not v["goods"] or key in {"parcel_pre_transit", "parcel_late", "parcel_foretold"}:
        return words
    return f"{words} {_('In it: %(goods)s.', goods=v['goods'])}"


def _becomes(key: str, v: Mapping[str, Any]) -> str:
    promised = day(v["promised"]) if v["promised"] else ""
    match key:
        case "parcel_pre_transit" if v["goods"] and promised:
            return _("Still to be sent: %(goods)s; promised for %(day)s.", goods=v["goods"], day=promised)
        case "parcel_pre_transit" if v["goods"]:
            return _("Still to be sent: %(goods)s.", goods=v["goods"])
        case "parcel_pre_transit":
            if promised:
                return _("It is being packed; it was promised for %(day)s.", day=promised)
            return _("It is being packed.")
        case "parcel_in_transit":
            return _on_its_way(v)
        case "parcel_out_for_delivery":
            return _("The parcel with %(carrier)s is out for delivery.", carrier=v["carrier"] or _("the carrier"))
        case "parcel_available_for_pickup":
            if v["place"]:
                return _("The parcel waits for you to pick it up: %(place)s.", place=v["place"])
            return _("The parcel waits for you to pick it up.")
        case "parcel_delivered":
            if v["at"]:
                return _("The parcel was delivered on %(day)s, as the carrier tells us.", day=day(v["at"]))
            return _("The parcel was delivered, as the carrier tells us.")
        case "parcel_exception":
            return _("The carrier reports a problem with the parcel; we are looking into it.")
        case "parcel_return_to_sender":
            return _("The parcel couldn't be delivered and is on its way back to us.")
        case "parcel_late":
            return _("It should have been with you by %(day)s; I am sorry for the delay.", day=promised)
        case _:
            return _("We expect it to arrive on %(day)s.", day=day(v["expected"]))


def _on_its_way(v: Mapping[str, Any]) -> str:
    carrier = f"{v['carrier']} {v['number']}".strip() or _("the carrier")
    words = _("The parcel is on its way with %(carrier)s.", carrier=carrier)
    if v["shipped"]:
        words = _("The parcel left us on %(day)s with %(carrier)s.", day=day(v["shipped"]), carrier=carrier)
    if v["place"] and v["at"]:
        seen = _("It was last seen in %(place)s on %(day)s.", place=v["place"], day=day(v["at"]))
        return f"{words} {seen}"
    return words


def _because_parcel(key: str, v: Mapping[str, Any]) -> str:
    parcel = v["number"] or v["shipment"]
    if key == "parcel_late":
        return _("parcel %(parcel)s: the promised day has passed", parcel=parcel)
    if key == "parcel_foretold":
        return _("parcel %(parcel)s: the day foretold from parcels like it", parcel=parcel)
    return _("parcel %(parcel)s: its newest status", parcel=parcel)
