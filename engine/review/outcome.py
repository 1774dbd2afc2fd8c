"""What reviewers made of samples and patterns: one vote a reviewer, the majority counts, one's own work not at all.

A reviewer who did not judge a sample has no vote on it; a question without an answer is neither a yes nor a no.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from engine.project import Project
from engine.review.items import Items, ReviewPair, ReviewSide
from engine.schema import Judgement, Preference, Sample, SampleJudgement, SampleVerdict, SideJudgement, TeacherKind
from engine.teaching.authors import file_stem
from engine.teaching.records import Records


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement put back to the sides it is about.

    Attributes:
        reviewer: stem of their file.
        answers: for each of ``item.sides``, the LLM's second.
        preference: left and right stand for the first and the second of these.
    """

    reviewer: str
    item: ReviewPair
    preference: Preference
    answers: tuple[SideJudgement, SideJudgement]
    own: bool

    @property
    def parts(self) -> Iterator[tuple[ReviewSide, SideJudgement]]:
        """Each side with the answers about it."""
        return zip(self.item.sides, self.answers, strict=True)


def judged_items(project: Project, records: Records, *, own: bool = False) -> list[Judged]:
    """Every judgement, by reviewer; ``own``: those on one's own work too. Judgements of lost items are passed over.

    Raises:
        StoreError: the items are damaged.
    """
    items, found = Items(project), []
    known = {item.id: item for item in items.all()}
    for author, record in records.by_author("judgement"):
        if isinstance(record, Judgement) and record.item in known and (own or not record.own):
            item, reviewer = known[record.item], file_stem(author)
            answers, preference = (record.left, record.right), record.preference
            if items.left_and_right(item, reviewer) != item.sides:
                answers = (record.right, record.left)
                swapped: dict[Preference, Preference] = {"left": "right", "right": "left"}
                preference = swapped.get(preference, preference)
            found.append(Judged(reviewer, item, preference, answers, record.own))
    return found


@dataclass(frozen=True, slots=True)
class SampleOutcome:
    """What reviewers made of one sample.

    Attributes:
        sample: as it stood when it was judged. same_evidence: of one of its items at least.
        votes: by reviewer; whoever saw it in several items counts with the last.
    """

    sample: Sample
    same_evidence: bool
    votes: dict[str, SampleJudgement]

    @property
    def verdict(self) -> SampleVerdict:
        """``reject`` if more than half say so; else ``fix`` if at least half of the others mended it; else accept."""
        counts = Counter(vote.verdict for vote in self.votes.values())
        if 2 * counts["reject"] > len(self.votes):
            return "reject"
        return "fix" if counts["fix"] and counts["fix"] >= counts["accept"] else "accept"

    @property
    def right_label(self) -> bool | None:
        """Whether at least half of those who answered say that its label is right; None: nobody did."""
        return majority(vote.right_label for vote in self.votes.values())

    @property
    def mended(self) -> Sample:
        """The sample as most of those who mended it would have it, the first of them where they differ."""
        fixes = [vote for vote in self.votes.values() if vote.verdict == "fix"]
        text, pair, label = Counter((fix.text, fix.text_pair, fix.label) for fix in fixes).most_common(1)[0][0]
        before = self.sample
        pair = before.text_pair if pair is None else pair
        return replace(before, text=text or before.text, text_pair=pair, label=label or before.label)


def majority(answers: Iterable[bool | None]) -> bool | None:
    """Whether at least half of those who answered say yes; None: nobody answered."""
    given = [answer for answer in answers if answer is not None]
    return 2 * sum(given) >= len(given) if given else None


def outcomes(judged: Iterable[Judged]) -> list[SampleOutcome]:
    """The outcome of every sample that was judged."""
    samples: dict[str, tuple[Sample, bool]] = {}
    votes: defaultdict[str, dict[str, SampleJudgement]] = defaultdict(dict)
    for one in judged:
        for side, answers in one.parts:
            for sample, vote in zip(side.samples, answers.samples, strict=True):
                if vote is None:
                    continue
                same = one.item.same_evidence or samples.get(sample.id, (sample, False))[1]
                samples[sample.id] = (sample, same)
                votes[sample.id][one.reviewer] = vote
    return [SampleOutcome(*samples[name], votes[name]) for name in samples]


def reviewed_samples(project: Project, records: Records, samples: Sequence[Sample]) -> list[Sample]:
    """The samples without those that reviewers reject, and with their corrections.

    A verdict counts for the sample as it was judged: what was rewritten since stays as it is, and so does a sample
    whose correction nearly equals a held-out row.

    Raises:
        StoreError: the items of the review are damaged.
    """
    from engine.data.leak_guard import LeakGuard

    guard, kept = LeakGuard(project), []
    known = {outcome.sample.id: outcome for outcome in outcomes(judged_items(project, records))}
    for sample in samples:
        outcome = known.get(sample.id)
        if outcome is None or _content(outcome.sample) != _content(sample) or outcome.verdict == "accept":
            kept.append(sample)
        elif outcome.verdict == "fix":
            mended = outcome.mended
            kept.append(sample if guard.is_leak(mended.text, mended.text_pair) else mended)
    return kept


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Samples of one teacher: how many were judged, and how many of them reviewers accept as they are."""

    judged: int
    accepted: int


def reviewed_counts(project: Project) -> dict[tuple[str, TeacherKind], Reviewed]:
    """What reviewers have judged of each teacher, by name and kind; without those of whom they have judged nothing.

    Raises:
        StoreError: the items of the review are damaged.
    """
    verdicts: defaultdict[tuple[str, TeacherKind], list[SampleVerdict]] = defaultdict(list)
    for outcome in outcomes(judged_items(project, Records(project.teaching_dir))):
        verdicts[outcome.sample.teacher.name, outcome.sample.teacher.kind].append(outcome.verdict)
    return {key: Reviewed(len(given), given.count("accept")) for key, given in verdicts.items()}


def _content(sample: Sample) -> tuple[str, str | None, str]:
    return sample.text, sample.text_pair, sample.label
