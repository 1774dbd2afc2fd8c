"""Testing a pattern on rows that its teacher has not seen: does it tell the model's errors from what it gets right?

Half of the rows are UUs of the blind spot that were held back, the others are near them and right. A judge says of each
whether the pattern applies, without knowing which half it is from. All answers are handed in at once, because the
halves are shown afterwards. So a row counts for one wording only: whoever rewords the pattern may have seen its half.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from engine.errors import StoreError
from engine.files import content_key
from engine.project import Project
from engine.schema import Application, Discovery, Pattern, Prediction, Record, Teacher
from engine.teaching.evidence import Evidence, evidence_for, is_withheld
from engine.teaching.record_factory import reword_pattern
from engine.teaching.records import Records, Teaching
from engine.teaching.sealing import decision
from engine.text import clean, row_hash
from engine.wilson import wilson_bounds

_MOST = 20  # rows of each sort


@dataclass(frozen=True, slots=True)
class PatternCase(Record):
    """One row of a test. ``is_uu``: the pattern should apply; else the model gets the row right and it should not."""

    row: Prediction
    is_uu: bool


@dataclass(frozen=True, slots=True)
class PatternTest(Record):
    """What a pattern is tested on.

    Attributes:
        pattern: in the wording that is tested.
        cases: in the order in which every judge sees them, which tells nothing of what they are.
        reason: why there are none, as a clause; empty where there are some.
    """

    pattern: Pattern
    cases: tuple[PatternCase, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Share(Record):
    """``hits`` of ``n`` with the ends of Wilson's interval, 0..1."""

    hits: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share, 0..1."""
        return self.hits / self.n

    def __str__(self) -> str:
        """``0.80 (4 of 5; 0.38 to 0.96)``."""
        return f"{self.value:.2f} ({self.hits} of {self.n}; {self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True, slots=True)
class PatternResult(Record):
    """What one judge found about one wording of a pattern.

    Attributes:
        pattern: its id. text: the wording. author: in whose file the answers are.
        precision: of the rows it applies to, how many are UUs; among as many right rows, so chance is 0.5. None: it
            applies to no row.
        recall: of the UUs, to how many it applies; None: none of them counts any more.
        cases: the rows that the discovery still knows, in the order of the test. wrong: those of them where the
            pattern and the model disagree.
    """

    pattern: str
    text: str
    author: str
    judge: Teacher
    precision: Share | None
    recall: Share | None
    cases: tuple[PatternCase, ...]
    wrong: tuple[PatternCase, ...]

    @property
    def figures(self) -> str:
        """Precision and recall in words."""
        return f"precision {self.precision or 'none'}, recall {self.recall or 'none'}"


def find_pattern(records: Records, pattern_id: str) -> Pattern:
    """The pattern of that id.

    Raises:
        StoreError: there is none.
    """
    found = next((pattern for pattern in records.patterns() if pattern.id == pattern_id), None)
    if found is None:
        raise StoreError(f"there is no pattern `{pattern_id}`", hint="take an id that `blindspot show` prints")
    return found


def open_pattern(teaching: Teaching, name: str, *, unjudged: Collection[str] = ()) -> Pattern:
    """The pattern that an annotator may test, or see tested: of a blind spot on which they have decided.

    Args:
        teaching: of the annotator.
        name: its id; ``P3`` for one's own.
        unjudged: blind spots where they have still to judge blind what others wrote (`Board.unjudged`).

    Raises:
        StoreError: there is none of that name, or nothing is decided yet; the two are told apart for one's own only.
    """
    pattern = visible_pattern(teaching, name, unjudged=unjudged)
    if decision(teaching, pattern.blind_spot) is None:
        raise StoreError(
            "its rows are held back from you until you have handed in your answer",
            where=pattern.id,
            hint=f"run `blindspot commit` on {pattern.blind_spot} first",
        )
    return pattern


def visible_pattern(teaching: Teaching, name: str, *, unjudged: Collection[str] = ()) -> Pattern:
    """The pattern of that name, if the annotator may see it: one's own, or another's once nothing is sealed there.

    Args:
        teaching: of the annotator.
        name: its id; ``P3`` for one's own.
        unjudged: as in `open_pattern`.

    Raises:
        StoreError: there is none of that name, or it is sealed; the two are told apart for one's own only.
    """
    full = teaching.own_id(name)
    shown = decided_patterns(teaching, unjudged=unjudged)
    if not teaching.is_own(full) and full not in {pattern.id for pattern in shown}:
        hint = "take an id that `blindspot show` prints; others' are shown after `blindspot commit` and the review"
        raise StoreError(f"there is no pattern `{name}`", hint=hint)
    return find_pattern(teaching, full)


def decided_patterns(teaching: Teaching, *, unjudged: Collection[str] = ()) -> list[Pattern]:
    """The patterns for the blind spots on which an annotator has decided; of the ``unjudged`` ones only their own."""
    spots = {pattern.blind_spot for pattern in teaching.patterns()}
    decided = {spot for spot in spots if decision(teaching, spot) is not None}
    found = (pattern for pattern in teaching.patterns() if pattern.blind_spot in decided)
    return [pattern for pattern in found if pattern.blind_spot not in unjudged or teaching.is_own(pattern.id)]


def pattern_test_of(project: Project, discovery: Discovery, records: Records, pattern: Pattern) -> PatternTest:
    """The rows to test a pattern on: up to 20 held-back UUs of its blind spot, and as many that the model gets right.

    Rows marked ``label wrong`` or ``ambiguous`` are left out, those that nearly equal a proof row, and those on which
    another wording was tested.
    """
    spot = discovery.spot(pattern.blind_spot)
    if spot is None:
        return PatternTest(pattern, (), f"{pattern.blind_spot} is not a blind spot of this round")
    evidence = evidence_for(project, discovery, records, spot.id)
    if not evidence.held_back:
        share = project.settings.teaching.held_back
        few = f"none of the {len(spot.rows)} rows of {spot.id} is held back: too few for a share of {share:g}"
        return PatternTest(pattern, (), few)
    off = records.doubtful_rows()
    withheld = project.manifest.withheld
    counted = [row for row in evidence.held_back if row.id not in off and not is_withheld(row, withheld)]
    if not counted:
        return PatternTest(
            pattern, (), "every row that was held back is marked as label wrong or ambiguous, or withheld"
        )
    spent = {one.row for _, one in _applications(records, pattern) if one.text != pattern.text}
    uus = [row for row in counted if row.id not in spent][:_MOST]
    if not uus:
        return PatternTest(pattern, (), "it was reworded after a test, and no row is left that it has not seen")
    fit = (
        row for row in _right_rows(discovery, evidence) if row.id not in spent | off and not is_withheld(row, withheld)
    )
    right = list(islice(fit, len(uus)))
    cases = [PatternCase(row, True) for row in uus] + [PatternCase(row, False) for row in right]
    return PatternTest(pattern, _in_order(pattern.id, cases))


def results(project: Project, discovery: Discovery, records: Records, pattern: Pattern) -> list[PatternResult]:
    """What judges found about a pattern: the wording it has now first, then earlier ones, each judge by name."""
    off, known = records.doubtful_rows(), discovery.predictions
    answers: dict[tuple[bool, str, str], list[Application]] = {}
    for author, one in _applications(records, pattern):
        if one.row not in off and (one.row in known or one.is_uu is not None):
            answers.setdefault((one.text != pattern.text, author, one.text), []).append(one)
    coverage = project.settings.proof.interval
    return [_result(author, given, known, coverage) for (_, author, _), given in sorted(answers.items())]


def hand_in(teaching: Teaching, test: PatternTest, answers: Mapping[str, bool], judge: Teacher) -> None:
    """Write a judge's answers to a pattern test. It is final: what the rows are is shown from then on.

    Args:
        teaching: takes the answers into its author's file.
        test: what was judged.
        answers: whether the pattern applies, for each row id of the test.
        judge: who judged.

    Raises:
        StoreError: a row has no answer or is not of the test, the wording was judged already, or it cannot be written.
    """
    pattern, rows = test.pattern, [case.row.id for case in test.cases]
    if not rows:
        raise StoreError(f"it cannot be tested: {test.reason}", where=pattern.id)
    if unknown := sorted(answers.keys() - set(rows)):
        raise StoreError(f"row `{unknown[0]}` is not of this test", where=pattern.id, hint="leave it out")
    if missing := [row for row in rows if row not in answers]:
        hint = f"say for {', '.join(missing[:5])}{' ...' if len(missing) > 5 else ''} whether it applies"
        raise StoreError(f"{len(missing)} of {len(rows)} rows have no answer", where=pattern.id, hint=hint)
    is_uu = {case.row.id: case.is_uu for case in test.cases}
    with teaching.store.edit(f"test pattern {pattern.id}", final=True) as edit:
        if has_judged(teaching, pattern):
            raise StoreError(
                f"{teaching.author} has judged this wording already",
                where=pattern.id,
                hint="the right answers have been shown: let somebody else judge it, or reword it",
            )
        for row in rows:
            record = Application(pattern.id, pattern.text, row, answers[row], judge, is_uu[row])
            edit.put("application", f"{pattern.id}/{row}", record)


def has_judged(teaching: Teaching, pattern: Pattern) -> bool:
    """Whether this author has judged the pattern in the wording that it has now."""
    own = (one for one in teaching.own("application") if isinstance(one, Application))
    return any(one.pattern == pattern.id and one.text == pattern.text for one in own)


def not_rewordable(teaching: Teaching, pattern: Pattern, found: Sequence[PatternResult]) -> str | None:
    """Why a pattern cannot be reworded after a test, as a clause; None if it can. ``found``: its results."""
    if not teaching.is_own(pattern.id):
        return f"{pattern.id} is another's: only who wrote it can reword it"
    new = (one for one in teaching.own("pattern") if isinstance(one, Pattern) and one.rewords == pattern.id)
    if pattern.refined or next(new, None) is not None:
        return f"{pattern.id} was reworded before, and that is done once"
    now = [result for result in found if result.text == pattern.text]
    if not now:
        return f"{pattern.id} has not been tested yet"
    return None if any(result.wrong for result in now) else f"{pattern.id} has no counter-example"


def reword(teaching: Teaching, pattern: Pattern, text: str, found: Sequence[PatternResult]) -> Pattern:
    """Give one's own pattern a new wording after a test. The figures of the old wording stay with that wording.

    A pattern that was handed in stays too: its new wording is a pattern beside it, written later.

    Args:
        teaching: of the pattern's author.
        pattern: as it is now.
        text: the new wording.
        found: the pattern's results.

    Raises:
        StoreError: it cannot be reworded, the text is empty or the same, or it cannot be written.
    """
    reason, text = not_rewordable(teaching, pattern, found), clean(text)
    if reason is None and text in ("", pattern.text):
        reason = f"{pattern.id} needs {'another' if text else 'a'} wording"
    if reason is not None:
        raise StoreError(reason)
    with teaching.store.edit(f"reword {pattern.id} after a test") as edit:
        return reword_pattern(edit, teaching, pattern, text)


def wilson(hits: int, n: int, coverage: float) -> Share:
    """A share with its interval (`engine.wilson`); ``n`` is at least 1."""
    return Share(hits, n, *wilson_bounds(hits, n, coverage))


def _applications(records: Records, pattern: Pattern) -> list[tuple[str, Application]]:
    """The answers to a pattern in all its wordings, the one that it rewords included."""
    found, wordings = records.by_author("application"), (pattern.id, pattern.rewords)
    return [(author, one) for author, one in found if isinstance(one, Application) and one.pattern in wordings]


def _right_rows(discovery: Discovery, evidence: Evidence) -> Iterator[Prediction]:
    """Rows that the model gets right and that are not in the evidence: neighbours of the held-back rows, nearest first.

    Then the others that the discovery knows. In both parts those of the blind spot's gold label come first: a pattern
    that says no more than what the label is applies to them too.
    """
    known = discovery.predictions
    shown = {near.id for neighbours in evidence.neighbours.values() for near in neighbours}
    nearest = zip_longest(*(discovery.neighbours.get(row.id, ()) for row in evidence.held_back))
    near = [known[row] for rank in nearest for row in rank if row is not None]

    def further(rows: Iterable[Prediction]) -> Iterator[Prediction]:
        for row in sorted(rows, key=lambda row: row.label != evidence.gold):
            if row.id not in shown:
                shown.add(row.id)
                yield row

    yield from further(near)
    right = (row for row in known.values() if row.label == row.predicted)  # gone through only if near ones do not do
    yield from further(sorted(right, key=lambda row: row_hash(row.text, row.text_pair)))


def _in_order(pattern_id: str, cases: Sequence[PatternCase]) -> tuple[PatternCase, ...]:
    return tuple(sorted(cases, key=lambda case: content_key(pattern_id, case.row.id)))


def _was_uu(one: Application, known: Mapping[str, Prediction]) -> bool:
    """What the row was when it was judged: the model of a later round may get it right."""
    return known[one.row].label != known[one.row].predicted if one.is_uu is None else one.is_uu


def _result(
    author: str, given: Sequence[Application], known: Mapping[str, Prediction], coverage: float
) -> PatternResult:
    was_uu = {one.row: _was_uu(one, known) for one in given}
    applies = {one.row: one.applies for one in given}
    cases = [PatternCase(known[row], is_uu) for row, is_uu in was_uu.items() if row in known]
    uus = [row for row, is_uu in was_uu.items() if is_uu]
    covered = [row for row, applied in applies.items() if applied]
    hits = sum(was_uu[row] for row in covered)
    pattern, ordered = given[0].pattern, _in_order(given[0].pattern, cases)
    return PatternResult(
        pattern,
        given[0].text,
        author,
        given[0].judge,
        wilson(hits, len(covered), coverage) if covered else None,
        wilson(hits, len(uus), coverage) if uus else None,
        ordered,
        tuple(case for case in ordered if applies[case.row.id] != case.is_uu),
    )
