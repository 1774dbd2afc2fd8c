"""Guests: people who work in a project through a browser, by a link of `blindspot serve`, without an account here.

They label, mark, describe, judge and commit. What acts for the owner of the machine is refused to them here, whatever
a screen offers: agreeing to what reaches outside a project, jobs, promotion. The mark is a variable of the
environment, so every process that a guest's process starts has it too.
"""

from __future__ import annotations

import os

from engine.errors import BlindspotError

VARIABLE = "BLINDSPOT_GUEST"
"""Set, to whatever, in the environment of a guest's process."""


class GuestRefused(BlindspotError):
    """Something that only people with an account on the machine may do."""


def is_guest() -> bool:
    """Whether whoever works here came through a browser."""
    return bool(os.environ.get(VARIABLE))


def refusal(what: str) -> GuestRefused:
    """That guests may not do it; ``what`` is the beginning of a sentence, such as "starting a job"."""
    return GuestRefused(f"{what[0].upper()}{what[1:]} is not for guests", hint="ask whoever gave you the link")


def refuse_guests(what: str) -> None:
    """Go on only if whoever works here has an account on the machine.

    Raises:
        GuestRefused: they came through a browser.
    """
    if is_guest():
        raise refusal(what)
