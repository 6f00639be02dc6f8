"""What the made-up buyers of a demo ask, answer and send back; part of `demo_desk`."""

from __future__ import annotations

from dataclasses import dataclass

from tracking.delivery.returns import Reason, ReturnState

from .cases import Channel, Kind, Priority, State


@dataclass(frozen=True, kw_only=True)
class DemoCase:
    """Texts may name {name}, {order} and {product}. `late`: of somebody whose parcel came after its day.
    `answered_after`: so many hours. `ends`: the state after the answer, where that isn't open; `stars` and `thanks`:
    how satisfied they were then."""

    channel: Channel
    kind: Kind
    subject: str
    text: str
    hours_ago: int
    priority: Priority = Priority.NORMAL
    late: bool = False
    answer: str = ""
    answered_after: float = 1
    ends: State | None = None
    stars: int = 0
    thanks: str = ""


@dataclass(frozen=True)
class DemoReturn:
    """`steps`: what became of it after it was asked for."""

    reason: Reason
    words: str
    hours_ago: int
    steps: tuple[ReturnState, ...] = ()


CASES = (
    DemoCase(
        channel=Channel.EMAIL, kind=Kind.DELIVERY, subject="Delivered? Nothing is here", hours_ago=2,
        text="Hello,\n\nyour page says that my order {order} was delivered, but nothing is at the door and none of the "
        "neighbours has it. Where is it?\n\n{name}",
    ),
    DemoCase(
        channel=Channel.FORM, kind=Kind.QUESTION, subject="Is {product} free of nuts?", hours_ago=5,
        text="My son is allergic. Is {product} made where nuts are processed, too?",
    ),
    DemoCase(
        channel=Channel.EMAIL, kind=Kind.COMPLAINT, subject="Two jars were broken", hours_ago=20,
        priority=Priority.HIGH,
        text="Two jars in order {order} were broken and everything below them is sticky. I would like my money back "
        "for these, not a voucher.\n\n{name}",
    ),
    DemoCase(
        channel=Channel.EMAIL, kind=Kind.DATA, subject="Which data do you keep about me?", hours_ago=30,
        text="Please tell me what you know of me and whom you gave it to.\n\n{name}",
    ),
    DemoCase(
        channel=Channel.PHONE, kind=Kind.DELIVERY, subject="Order {order} came late", hours_ago=44, late=True,
        text="Called: the parcel of order {order} came after the promised day, and the guests had gone. Asks for the "
        "delivery charge.",
    ),
    DemoCase(
        channel=Channel.EMAIL, kind=Kind.RETURN, subject="Wrong size of {product}", hours_ago=50,
        text="I took the wrong size of {product}. How do I send it back?\n\n{name}",
        answer="Hello {name},\n\nopen your order's page and choose “Send something back”: we mail you the label. Has "
        "the pack been opened?\n\nYour shop",
        ends=State.WAITING,
    ),
    DemoCase(
        channel=Channel.FORM, kind=Kind.OTHER, subject="A new address", hours_ago=70,
        text="I moved. Can you change my address for the orders to come?",
        answer="Hello {name},\n\nplease change it in your account under “Address”: then the checkout knows it, "
        "too.\n\nYour shop",
        ends=State.SOLVED, stars=4, thanks="Quick. I would have liked you to do it.",
    ),
    DemoCase(
        channel=Channel.FORM, kind=Kind.PRAISE, subject="Thank you", hours_ago=90,
        text="Order {order} was packed with so much care. Please pass it on.",
        answer="Hello {name},\n\nthat made the packers' day. Thank you!\n\nYour shop",
        ends=State.SOLVED, stars=5, thanks="",
    ),
    DemoCase(
        channel=Channel.EMAIL, kind=Kind.COMPLAINT, subject="A coupon that isn't taken", hours_ago=120,
        text="The checkout refuses the coupon from your last letter, though it says “valid until Sunday”.\n\n{name}",
        answer="Hello {name},\n\nit was for the app's first order only, which the letter should have said in larger "
        "type. We are sorry.\n\nYour shop",
        answered_after=36,
        ends=State.SOLVED, stars=2, thanks="Small print.",
    ),
    DemoCase(
        channel=Channel.EMAIL, kind=Kind.QUESTION, subject="Invoice for order {order}", hours_ago=140,
        text="I need the invoice of order {order} with my company's name.\n\n{name}",
        answer="Hello {name},\n\nit is attached to your order's page now, with your company's name.\n\nYour shop",
        ends=State.SOLVED, stars=5, thanks="Perfect.",
    ),
)  # fmt: skip
RETURNS = (
    DemoReturn(Reason.DAMAGED, "The lid was cracked.", 6),
    DemoReturn(Reason.WRONG_ITEM, "I ordered the other kind.", 40, (ReturnState.APPROVED,)),
    DemoReturn(Reason.CHANGED_MIND, "Bought twice by mistake.", 90, (ReturnState.APPROVED, ReturnState.SENT)),
    DemoReturn(Reason.NOT_AS_DESCRIBED, "Smaller than in the picture.", 120,
               (ReturnState.APPROVED, ReturnState.SENT, ReturnState.RECEIVED)),
)  # fmt: skip
REVIEWS = (
    (5, "Every week again", "We have bought this for months. Always fresh, always well packed."),
    (4, "Good", "Does what it should. A little dear."),
    (2, "Not as it was", "The recipe must have changed; it used to be better."),
    (5, "The children love it", "Gone within a day."),
    (1, "Arrived dented", "Nothing was inside of the box that would keep it from moving."),
    (3, "Fine", "Neither good nor bad."),
    (4, "", "I would buy it again."),
)
"""Stars, title, words."""
QUESTIONS = (
    ("How long does it keep once it is opened?", "Five days in the refrigerator; on the shelf until the date on top."),
    ("Is the pack recyclable?", "Yes, lid and tray in the plastics bin, the sleeve with paper."),
    ("Is this made without palm oil?", ""),
    ("Does it come in a larger size?", ""),
)
"""A question, and the shop's answer, where it has answered."""
