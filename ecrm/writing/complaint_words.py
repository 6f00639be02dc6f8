"""What keeps a mailing from being sent, in words: where it stands and what to do about it."""

from __future__ import annotations

from ecrm.wording import gettext as _
from mailer.blocks import Complaint


def place_words(complaint: Complaint) -> str:
    """Where it stands: block, field and line."""
    field = field_name(complaint.field)
    where = _("Block %(number)s, %(field)s", number=complaint.block, field=field) if complaint.block else field
    return _("%(where)s, line %(line)s", where=where, line=complaint.line) if complaint.line else where


def field_name(field: str) -> str:
    """What a field of the editor is called."""
    names = {
        "subject": _("Subject"), "preview": _("Preview line"), "blocks": _("Blocks"), "text": _("Text"),
        "title": _("Heading"), "words": _("Words on the button"), "link": _("Link"), "picture": _("Picture"),
        "alt": _("What the picture shows"), "products": _("Products"), "query": _("Words"), "source": _("Which ones"),
        "count": _("How many"), "columns": _("Columns"), "code": _("Code"), "kind": _("Kind"),
    }  # fmt: skip
    return names.get(field, field)


def complaint_words(complaint: Complaint) -> str:
    """What is wrong and what to do."""
    told = {"name": "", "near": "", "known": "", "mark": "", "most": "", "link": "", "product": ""}
    told |= dict(complaint.values)
    shown = "{{ " + told["name"] + " }}"
    near, fallback = "{{ " + told["near"] + " }}", "{{ " + told["name"] + " | " + _("there") + " }}"
    words = {
        "missing": _("is empty; write something."),
        "no_blocks": _("there is nothing in it yet; add a block."),
        "too_many_blocks": _("there are more than %(most)s blocks.", most=told["most"]),
        "too_long": _("is too long."),
        "too_many": _("names too many."),
        "bad_number": _("is not a number that fits."),
        "bad_choice": _("is none of the choices."),
        "bad_value": _("can't be read."),
        "bad_kind": _("is no kind of block."),
        "hidden_letters": _("holds letters that can't be seen (e.g. pasted direction marks); type the line anew."),
        "no_placeholder_here": _("can't hold placeholders."),
        "stray_mark": _("“%(mark)s” stands alone; a placeholder looks like this: %(example)s.",
                        mark=told["mark"], example="{{ first_name | " + _("there") + " }}"),
        "unknown_placeholder": _("%(shown)s is not known; there are: %(known)s.", shown=shown, known=told["known"]),
        "unknown_placeholder_near": _("%(shown)s is not known; did you mean %(near)s?", shown=shown, near=near),
        "no_fallback": _("%(shown)s isn't known of everybody; say what stands there else: %(example)s.",
                         shown=shown, example=fallback),
        "bad_fallback": _("the words behind the bar in %(shown)s are too long or can't be seen.", shown=shown),
        "no_link": _("a link leads nowhere; write [words](/page) or [words](https://…)."),
        "bad_link": _("“%(link)s” is no address of a page; write it like /products/kite or https://…",
                      link=told["link"]),
        "svg_picture": _("mail programs don't show SVG; use PNG, JPEG or GIF."),
        "unknown_product": _("there is no product “%(product)s” in the shop.", product=told["product"]),
        "finds_nothing": _("the shop finds no product that can be had by this."),
    }  # fmt: skip
    return words.get(complaint.code, complaint.code)
