"""The comparison of people and LLMs as tables of text, for the command and the screen alike.

Knows nothing of the terminal. Names are data: they are made visible here. A figure that cannot be had is a dash, and
its reason stands among the notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from engine.counted import counted
from engine.text import visible
from tui.reporting.measures import COMPARISON
from tui.reporting.table import Table

if TYPE_CHECKING:
    from engine.review.comparison import Acceptance, Agreement, Quality, TeacherComparison, WinRate
    from engine.schema import Teacher
    from engine.teaching.pattern_testing import Share

NOTHING_TO_JUDGE = (
    "nothing to judge: it takes an answer that a person has committed, and an LLM's answer to the same blind spot"
)
_NOTHING = "-"
_APART = ", other evidence"


def comparison_heading(found: TeacherComparison) -> str:
    """How much it rests on, in one line."""
    said = f"{counted(found.judgements, 'judgement')} by {counted(len(found.reviewers), 'reviewer')}"
    parts = [f"{said} on {found.judged} of {counted(found.items, 'item')}"]
    if found.own_judgements:
        parts.append(f"{found.own_judgements} of one's own work {'counted' if found.own else 'left out'}")
    if any(found.left_out.values()):
        written = [counted(number, name.removesuffix("s")) for name, number in found.left_out.items() if number]
        parts.append(f"{' and '.join(written)} without a partner")
    return "; ".join(parts)


def comparison_tables(found: TeacherComparison) -> list[Table]:
    """All that there is something to say about, the most important first."""
    tables = [
        Table(
            "Win rate (wins of all wins and losses)",
            _WIN_HEAD,
            [_win(f"{visible(one.one)} against {visible(one.other)}", one) for one in found.wins],
        ),
        *_acceptance("as reviewers judge them", [one for one in found.acceptance if one.blind_spot is None]),
        Table(
            "Agreement of reviewers beyond chance",
            ("", "judged by two", "value"),
            [(_agreement(one), str(one.n), _number(one.value)) for one in found.agreement if one.n],
        ),
        *_quality("all", [one for one in found.quality if one.blind_spot is None]),
        Table(
            "Win rate by blind spot, human against llm",
            _WIN_HEAD,
            [_win(spot, one) for spot, one in found.wins_by_spot.items()],
        ),
        *_acceptance("by blind spot", [one for one in found.acceptance if one.blind_spot is not None]),
        *_quality("by blind spot", [one for one in found.quality if one.blind_spot is not None]),
    ]
    return [table for table in tables if table.rows]


def comparison_notes(found: TeacherComparison, review: str) -> list[str]:
    """Why figures are missing, and what others mean; a sentence each. ``review``: its key or command."""
    notes = []
    if not found.judgements:
        notes.append(f"nobody has judged yet: {review} shows the items" if found.items else NOTHING_TO_JUDGE)
    notes += [
        f"{_pair(one)}: interval by Wilson, as all items go one way" for one in found.wins if one.method == "wilson"
    ]
    notes += [f"{_pair(one)}: {one.reason}" for one in found.wins if one.reason]
    notes += [f"{_agreement(one)}: {one.reason}" for one in found.agreement if one.n and one.reason]
    notes += [
        f"{visible(one.teacher.name)}: {one.reason}" for one in found.quality if one.reason and not one.blind_spot
    ]
    if any(not one.same_evidence for one in found.wins):
        notes.append(f'"{_APART.strip(", ")}": the two did not see the same, or it is not known')
    return list(dict.fromkeys(notes))


def comparison_meanings(tables: Sequence[Table]) -> list[tuple[str, str]]:
    """Each measure of these tables with the line that says what it means, once, in their order."""
    names = (name for table in tables for name in (*table.head, *(row[0].partition(" ")[0] for row in table.rows)))
    return [(name, COMPARISON[name]) for name in dict.fromkeys(names) if name in COMPARISON]


_WIN_HEAD = ("", "items", "wins", "losses", "ties", "neither", "rate")


def _pair(one: WinRate) -> str:
    return f"{visible(one.one)} against {visible(one.other)}{'' if one.same_evidence else _APART}"


def _win(name: str, one: WinRate) -> tuple[str, ...]:
    interval = f" ({one.low:.2f} to {one.high:.2f})" if one.low is not None and one.high is not None else ""
    rate = _NOTHING if one.rate is None else f"{one.rate:.2f}{interval}"
    counts = (one.items, one.wins, one.losses, one.ties, one.neither)
    return (f"{name}{'' if one.same_evidence else _APART}", *map(str, counts), rate)


def _name(teacher: Teacher, same_evidence: bool = True) -> str:
    return f"{visible(teacher.name)} ({teacher.title}){'' if same_evidence else _APART}"


def _share(share: Share | None) -> str:
    return f"{share.value:.2f} ({share.low:.2f}-{share.high:.2f})" if share else _NOTHING


def _answered(*shares: Share | None) -> tuple[str, ...]:
    """Shares of what was answered, each with the number of that: not all questions were asked about everything."""
    return tuple(f"{one.hits} of {one.n} ({one.low:.2f}-{one.high:.2f})" if one else _NOTHING for one in shares)


def _acceptance(of: str, found: Sequence[Acceptance]) -> Iterable[Table]:
    """Two tables about samples, as one would be too wide for 80 columns, and one about patterns."""
    samples = [(_of(one.blind_spot, one.teacher, one.same_evidence), one.accepted, one) for one in found]
    details = [(name, (one.label_errors, one.natural, one.on_pattern)) for name, _, one in samples]
    patterns = [(name, (one.fits, one.precise, one.useful)) for name, _, one in samples]
    yield Table(
        f"Samples, {of}",
        ("", "n", "accepted", "fixed", "rejected"),
        [(name, str(n.n), *map(_share, (n, one.fixed, one.rejected))) for name, n, one in samples if n],
    )
    yield Table(
        f"Samples, {of}: label, language, pattern",
        ("", "label wrong", "natural", "fits"),
        [(name, *_answered(*shares)) for name, shares in details if any(shares)],
    )
    yield Table(
        f"Patterns, {of}",
        ("", "fits", "precise", "useful"),
        [(name, *_answered(*shares)) for name, shares in patterns if any(shares)],
    )


def _of(spot: str | None, teacher: Teacher, same_evidence: bool = True) -> str:
    """Whose, or whose part of a blind spot."""
    if spot is None:
        return _name(teacher, same_evidence)
    return f"{visible(spot)} {visible(teacher.name)}{'' if same_evidence else _APART}"


def _agreement(one: Agreement) -> str:
    if one.measure == "alpha":
        return f"alpha of all, {one.of}"
    return f"kappa of {' and '.join(map(visible, one.reviewers))}, {one.of}"


def _number(value: float | None, digits: int = 2) -> str:
    return _NOTHING if value is None else f"{value:.{digits}f}"


def _quality(of: str, found: Sequence[Quality]) -> Iterable[Table]:
    """Two tables, as one would be too wide for 80 columns, and for whole teachers one more at equal numbers."""
    named = [(_of(one.blind_spot, one.teacher), one) for one in found]
    yield Table(
        f"Variety of samples, {of}",
        (
            "",
            "samples",
            "distinct-1",
            "distinct-2",
            "near-dup",
            "spread",
            "Vendi",
        ),
        [
            (
                name,
                str(one.samples),
                _number(one.distinct_1),
                _number(one.distinct_2),
                str(one.near_duplicates),
                _number(one.spread),
                _number(one.vendi, 1),
            )
            for name, one in named
        ],
    )
    yield Table(
        f"New against the evidence, and balance of labels, {of}",
        (
            "",
            "by text",
            "by embedding",
            "balance",
            "labels",
        ),
        [
            (
                name,
                _number(one.novelty_text),
                _number(one.novelty_embedding),
                _number(one.balance),
                " ".join(f"{visible(label)} {count}" for label, count in one.labels.items()),
            )
            for name, one in named
        ],
    )
    equal = [(name, one) for name, one in named if one.equal]
    if equal:
        yield Table(
            f"Variety at equal numbers: {equal[0][1].equal} samples drawn",
            (
                "",
                "distinct-2",
                "spread",
                "Vendi",
            ),
            [
                (name, _number(one.distinct_2_equal), _number(one.spread_equal), _number(one.vendi_equal, 1))
                for name, one in equal
            ],
        )
