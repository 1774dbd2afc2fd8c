"""One meaning of "the same text" for the whole project, and text made safe for a terminal.

Two rows are the same row exactly when `row_hash` says so. Everything here is light and works on any string, also one
with lone surrogates.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

# Cc, Cf, Zl, Zp, lone surrogates and non-characters: they move the cursor, hide letters, turn the direction of writing,
# are forbidden in XML or cannot be printed at all. The two joiners stay where they join what is not ASCII, as scripts
# and emoji need them.
INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)

SURROGATE = re.compile("[\ud800-\udfff]")  # stands for a byte of a file name or an argument that is not UTF-8


class _Folding(dict[int, "int | str"]):
    """A table for `str.translate`, filled as characters turn up: 1.1 million entries at import would take 0.2 s."""

    def __missing__(self, code: int) -> int | str:
        kind = unicodedata.category(chr(code))
        folded: int | str = code
        if kind == "Cf":  # zero-width characters inside a word do not make another word
            folded = ""
        elif kind[0] in "PZ" or kind in ("Cc", "Sk"):
            folded = " "
        self[code] = folded
        return folded


_FOLDING = _Folding()


def normalise(text: str) -> str:
    """The text without what does not make it another text: case, punctuation, spacing, width, zero-width characters.

    Symbols such as emoji and currency signs stay. A text of punctuation alone stays as it is, so that ``:)`` and
    ``:(`` differ. The result is empty exactly when the text shows nothing.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = folded.translate(_FOLDING).split()
    return " ".join(words) or "".join(c for c in folded if unicodedata.category(c)[0] not in "CZ")


def row_hash(text: str, pair: str | None = None) -> str:
    """Hash (16 hex digits of sha256) of a row's normalised text, or of its two texts in their order."""
    whole = normalise(text) if pair is None else f"{normalise(text)}\n{normalise(pair)}"
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def as_utf8(text: str) -> str:
    """The text as UTF-8 can carry it: half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def clean(text: str) -> str:
    """The text without white space around it, and without what UTF-8 cannot carry."""
    return as_utf8(text).strip()


def without_surrogates(text: str) -> str:
    r"""The text as UTF-8 can hold it: bytes of a file name that are not UTF-8 as escapes, e.g. ``\udce9``."""
    return SURROGATE.sub(lambda found: visible(found[0]), text)


def visible(text: str) -> str:
    r"""The text on one line, safe to print: control and invisible characters as escapes, e.g. ``\n`` or ``\u202e``."""
    return INVISIBLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
