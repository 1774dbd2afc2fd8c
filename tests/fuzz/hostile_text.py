"""Texts that steer terminals, break Markdown, HTML and JSON, or are merely large; and how to find them again."""

from __future__ import annotations

import random
import re
import unicodedata

ATOMS = (
    "\x1b]0;planted title\x07",
    "\x1b]52;c;cGxhbnRlZA==\x07",
    "\x1b]8;;http://planted.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[H",
    "\x1b[38;5;199mplanted\x1b[8m",
    "\x1bP+q\x1b\\",
    "\x1bc",
    "\x9b38;5;199m",
    "\x9d0;planted\x9c",
    "\x90planted\x9c",
    "\r",
    "\nforged: line",
    "\r\n",
    "\x00",
    "\x08\x08\x08",
    "\x07",
    "\x7f",
    "\x85",
    "\u202eesrever\u202c",
    "\u2066isolated\u2069",
    "\u200e\u200f\u061c",
    "\u200bzero\u200bwidth\ufeff",
    "a\u200db",
    "\u2028\u2029",
    "\U000e0041\U000e0042",
    "\ufff9annotated\ufffb",
    "\ufffe\uffff",
    "[bold red]markup[/] [link=http://planted.example]l[/link] [@click=app.quit]x[/]",
    "<script>planted()</script><img src=http://planted.example/p onerror=planted()>",
    "![p](http://planted.example/p.png) [l](javascript:planted())",
    "| a | b |`code`~~x~~",
    "$\\frac{planted$",
    "{{ 7 * 7 }}{% raw %}",
    "%s %n {0} {x}",
    "=cmd()|' /C calc'!A0",
    "../../../../etc/passwd",
    "--all",
    "\"'\\",
    "]]>&entity;",
    "Z" + "\u0301" * 300,
    "שלום עולם مرحبا بالعالم",
    "👩‍👩‍👧‍👦🏳️‍🌈👍🏽",
    "漢字" * 60,
    "long" * 3000,
    " ",
    "",
)
LONE_SURROGATE = "\udcff"  # what a file name or an argument that is not UTF-8 becomes

# What the program itself may send to a terminal: colours, and the clearing of a line.
_OWN = re.compile(r"\x1b\[[0-9;]*m|\r\x1b\[K")
_PLANTED = re.compile(r"\x1b\[38;5;199m|\x1b\[8m")


def hostile(random_: random.Random) -> str:
    """One to three of the atoms, with a few letters that make it unique."""
    parts = random_.choices(ATOMS, k=random_.randint(1, 3))
    return "".join(parts) + f"x{random_.randrange(10**6)}"


def obeyed(text: str, *, terminal: bool = False) -> str:
    """The characters of an output that a terminal would obey or hide, line ends and the joiners of scripts aside."""
    if terminal:
        text = _OWN.sub("", _PLANTED.sub("\x1b", text)).replace("\r\n", "\n")
    return "".join(c for c in text if _steers(c))


def _steers(char: str) -> bool:
    return char not in "\n\u200c\u200d" and unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Cs")
