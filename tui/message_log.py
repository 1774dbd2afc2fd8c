"""What was said in the message line since the app was opened, and which of it is about a key only."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime

_MOST = 200


@dataclass(frozen=True, slots=True)
class Said:
    """A message.

    Attributes:
        text: the sentence. warning: something could not be done. at: when, here.
    """

    text: str
    warning: bool
    at: datetime

    @property
    def line(self) -> str:
        """The sentence; a warning carries a sign, not a colour alone."""
        return f"! {self.text}" if self.warning else self.text


class Messages:
    """The messages, as many as anybody reads."""

    def __init__(self) -> None:
        self._all: deque[Said] = deque(maxlen=_MOST)
        self._about_key: Said | None = None

    @property
    def all(self) -> list[Said]:
        """All messages, oldest first."""
        return list(self._all)

    @property
    def last(self) -> Said | None:
        """The last message; None before the first."""
        return self._all[-1] if self._all else None

    def add(self, said: Said) -> None:
        """Take in what was said."""
        self._all.append(said)

    def is_about_key(self) -> None:
        """The last message is about the key that was pressed."""
        self._about_key = self.last

    def is_over(self, before: Said | None) -> bool:
        """After a key did its work: whether the message before it was a warning about the key before, and still shows.

        Args:
            before: the last message before the key.
        """
        if self.last is not before:
            self.is_about_key()
            return False
        return before is not None and before.warning and before is self._about_key
