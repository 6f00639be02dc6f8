"""Questions and answers for a product's page, with a search within them."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template, request, url_for
from markupsafe import Markup

from ecrm.csrf import csrf_token
from ecrm.installation import installation
from ecrm.wording import gettext as _
from ecrm.wording import ngettext

from .questions import ProductAnswer, ProductQuestion, answers_to, followers_of, shown_questions

A_PAGE = 5
SEARCH, ALL = "asked", "questions"
"""Names of the search and of "show all" in the address of the product's page."""


def questions_html(product_id: str, *, known: bool) -> Markup:
    """The newest questions with their answers, or those that a search finds, and the form to ask.

    Args:
        known: whether the visitor's mailbox is proved, so that no address has to be typed.
    """
    crm = installation()
    if not crm.storefront.products([product_id]):
        return Markup()
    searched = request.args.get(SEARCH, "")[:100].strip()
    with crm.sessions() as session:
        everything = shown_questions(session, product_id)
        answers = answers_to(session, [one.id for one in everything], shown=True)
        followers = followers_of(session, [one.id for one in everything])
    found = [one for one in everything if _holds(one, answers.get(one.id, ()), searched)]
    shown = found if searched or ALL in request.args else found[:A_PAGE]
    html = render_template(
        "ecrm/slots/questions.html", questions=shown, answers=answers, followers=followers, searched=searched,
        more=len(found) - len(shown), count=len(everything), product_id=product_id, known=known,
        all_href=_here(), args={name: value for name, value in request.args.items() if name not in {SEARCH, ALL}},
        csrf_token=csrf_token, ecrm_gettext=_, ecrm_ngettext=ngettext, shop_name=crm.storefront.facts().name,
    )  # fmt: skip
    return Markup(html.strip())  # noqa: S704 (rendered by an autoescaping template)


def _holds(question: ProductQuestion, answers: Sequence[ProductAnswer], searched: str) -> bool:
    """Whether each word that was searched stands in the question or an answer."""
    if not searched:
        return True
    whole = " ".join([question.words, *(one.words for one in answers)]).casefold()
    return all(word in whole for word in searched.casefold().split())


def _here() -> str:
    args = dict(request.view_args or {}) | {ALL: "all"}
    return url_for(request.endpoint or "", _anchor="questions", **args)
