"""Budget: what reading one message may cost, all its parts and the messages in it together."""

from __future__ import annotations

from dataclasses import dataclass

from .parsing import TooMuch

_PARAMETER = 20
_TAG = 30


@dataclass
class Budget:
    """What is left. Where `html`, `guesses` or `winmails` are used up, the rest is read in the cheap way; `parts`,
    `parameters` and `copied` are more than any letter has.

    Attributes:
        parts: in all, and in messages that are forwarded.
        parameters: of their Content-Type and Content-Disposition, each as `_PARAMETER` letters more.
        html: letters that are made text by their structure, each tag as `_TAG` letters more.
        guesses: charsets that are told by looking at the bytes (20 ms each).
        winmails: winmail.dat that are unpacked.
        copied: bytes of forwarded messages that are kept as files, however deep they lie in each other.
    """

    parts: int = 20_000
    parameters: int = 600_000
    html: int = 1_000_000
    guesses: int = 10
    winmails: int = 3
    copied: int = 60_000_000

    def has_html(self, html: str) -> bool:
        """Whether this is still made text by its structure; takes it off."""
        self.html -= len(html) + _TAG * html.count("<")
        return self.html >= 0

    def has_guess(self) -> bool:
        """Whether one more charset is guessed; takes it off."""
        self.guesses -= 1
        return self.guesses >= 0

    def has_winmail(self) -> bool:
        """Whether one more winmail.dat is unpacked; takes it off."""
        self.winmails -= 1
        return self.winmails >= 0

    def part(self, described: str) -> None:
        """One part more, which is described so.

        Raises:
            TooMuch: where it is one too many.
        """
        self.parts -= 1
        self.parameters -= len(described) + _PARAMETER * described.count(";")
        if self.parts < 0 or self.parameters < 0:
            raise TooMuch("more parts than any letter has")

    def copy(self, size: int) -> None:
        """So many bytes more of forwarded messages.

        Raises:
            TooMuch: where they are too many.
        """
        self.copied -= size
        if self.copied < 0:
            raise TooMuch("forwarded messages in each other")
