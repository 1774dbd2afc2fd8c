"""How an audit stands: what people's labels say of the model, at looks fixed beforehand. Light.

Somebody who looks after every label stops at a lucky one. So figures are computed only when all rows up to a look have
been answered, from these rows alone, and they stay until the next look. As there are five looks, each interval is wrong
a fifth as often as a single one might be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.audit.audit_files import Audit, AuditRows
from engine.audit.draw import LOOKS, STRATA, StratumName
from engine.audit.estimate import AuditEstimate, Stratum, bounds, estimate, labels_that_halve
from engine.counted import counted
from engine.label_queue.llm_quality import AgreementShare, compared_rows, share_of
from engine.project import Project
from engine.schema import Record
from engine.teaching.labels import Labels
from engine.teaching.records import Records

COVERAGE = 1 - 0.05 / LOOKS
"""Of an interval at one look, so that all of a figure's looks are right together in 95 of 100 audits."""

_MANY = 1_000  # times as many rows: then an interval is as wide as of endlessly many, to four digits


@dataclass(frozen=True, slots=True)
class LlmAgreement(Record):
    """How often an LLM says what people say, over all held-out rows; ``more``: as in `AuditEstimate`."""

    author: str
    share: AgreementShare
    more: int | None


@dataclass(frozen=True, slots=True)
class AuditFigures(Record):
    """What the labels up to a look say. Estimates are of wrong rows; None where there is no row of the kind.

    Attributes:
        look: its number, from 1. labels: rows that count. left_out: rows on which people are unsure or differ.
        uus: share of the confident rows that are wrong.
        wrong: share of all held-out rows that are wrong: accuracy is what is left of 1.
        rows_to_come: interval, 0..1, of ``uus`` for later rows of the stream: wider than that of the held-out rows,
            which are a sample of it themselves.
        by_label: ``uus`` of the rows of which the model says a label.
        batches: by batch of the stream, share of its held-out rows, confident or not, that are UUs.
        llms: agreement of each LLM with people.
    """

    look: int
    labels: int
    left_out: int
    uus: AuditEstimate | None
    wrong: AuditEstimate | None
    rows_to_come: tuple[float, float] | None
    by_label: dict[str, AuditEstimate]
    batches: dict[str, AuditEstimate]
    llms: tuple[LlmAgreement, ...]


@dataclass(frozen=True, slots=True)
class AuditStatus(Record):
    """An audit as it stands.

    Attributes:
        queue: its name. rows: held out; confident: of these, with confidence >= tau; flagged: of those, by an LLM.
        drawn: rows that people are asked for. answered: of these, by somebody.
        looks: how many there are. missing: labels to the next look; 0 after the last.
        coverage: of each interval.
        figures: of the latest look; None before the first.
    """

    queue: str
    rows: int
    confident: int
    flagged: int
    tau: float
    drawn: int
    answered: int
    looks: int
    missing: int
    coverage: float
    figures: AuditFigures | None

    @property
    def sentence(self) -> str:
        """What comes next."""
        look = self.figures.look if self.figures else 0
        if look == self.looks:
            return "That was the last look. For narrower intervals draw another audit, with more labels."
        labels = counted(self.missing, "label")
        return f"{labels} to look {look + 1} of {self.looks}: figures change there and not in between."


def status_of(project: Project, audit: Audit) -> AuditStatus:
    """How an audit stands.

    Raises:
        StoreError: a file of records may not be read.
    """
    labels = Labels(Records(project.teaching_dir), "proof")
    open_rows = Counter(choice.batch for choice in audit.file.choices if choice.row not in labels.people)
    look = next((part - 1 for part in range(1, LOOKS + 1) if open_rows[part]), LOOKS)
    strata = Counter(audit.rows.strata)
    return AuditStatus(
        queue=audit.file.spec.name,
        rows=len(audit.rows.ids),
        confident=strata["confident"] + strata["flagged"],
        flagged=strata["flagged"],
        tau=audit.rows.tau,
        drawn=len(audit.file.choices),
        answered=len(audit.file.choices) - open_rows.total(),
        looks=LOOKS,
        missing=open_rows[look + 1],
        coverage=COVERAGE,
        figures=_figures(audit, look, labels) if look else None,
    )


def _figures(audit: Audit, look: int, labels: Labels) -> AuditFigures:
    rows, settled = audit.rows, labels.settled()
    chance_of = {choice.row: choice.chance for choice in audit.file.choices if choice.batch <= look}
    counts = _Counts(rows, {row: settled[row] for row in chance_of if row in settled})
    agreements = []
    for author in sorted(labels.llms):
        compared = [one for one in compared_rows("proof", labels, author) if one.row in chance_of]
        share = share_of((replace(one, chance=chance_of[one.row]) for one in compared), COVERAGE)
        if share.rows:
            as_one = Stratum(len(rows.ids), share.rows, share.rows - share.agreed)
            agreements.append(LlmAgreement(author, share, labels_that_halve([as_one]) or None))
    by_label = {label: counts.uus(predicted=label) for label in rows.labels}
    by_batch = {batch: counts.uus_of_all(batch) for batch in dict.fromkeys(rows.batches)}
    return AuditFigures(
        look=look,
        labels=counts.labelled.total(),
        left_out=len(chance_of) - counts.labelled.total(),
        uus=counts.uus(),
        wrong=estimate(counts.strata(STRATA), COVERAGE),
        rows_to_come=counts.uus_to_come(),
        by_label={label: found for label, found in by_label.items() if found},
        batches={batch: found for batch, found in by_batch.items() if found},
        llms=tuple(agreements),
    )


@dataclass(frozen=True, slots=True)
class _Kind:
    """Rows that are alike in all that figures are asked by."""

    stratum: StratumName
    predicted: str
    batch: str


class _Counts:
    """Rows, labels and wrong rows by kind."""

    def __init__(self, rows: AuditRows, labels: dict[str, str]) -> None:
        self.rows, self.labelled, self.wrong = Counter[_Kind](), Counter[_Kind](), Counter[_Kind]()
        for row, stratum, said, batch in zip(rows.ids, rows.strata, rows.predicted, rows.batches, strict=True):
            one = _Kind(stratum, said, batch)
            self.rows[one] += 1
            if row in labels:
                self.labelled[one] += 1
                self.wrong[one] += labels[row] != one.predicted

    def strata(self, names: Sequence[StratumName], *, predicted: str = "", batch: str = "") -> list[Stratum]:
        """The strata of these names; ``predicted``, ``batch``: of the rows of that label or batch alone."""
        found = []
        for name in names:
            kinds = [
                kind
                for kind in self.rows
                if kind.stratum == name and predicted in ("", kind.predicted) and batch in ("", kind.batch)
            ]
            counts = (sum(of[kind] for kind in kinds) for of in (self.rows, self.labelled, self.wrong))
            found.append(Stratum(*counts))
        return found

    def uus(self, predicted: str = "") -> AuditEstimate | None:
        """Share of the confident rows that are wrong."""
        return estimate(self.strata(("flagged", "confident"), predicted=predicted), COVERAGE)

    def uus_to_come(self) -> tuple[float, float] | None:
        """The same of rows that come later: what has a label is a small part of them, even where that is all."""
        strata = [replace(one, rows=_MANY * one.rows) for one in self.strata(("flagged", "confident")) if one.rows]
        return bounds(strata, COVERAGE) if strata else None

    def uus_of_all(self, batch: str) -> AuditEstimate | None:
        """Share of a batch's rows that are UUs: a row on which the model is not confident is none, without a label."""
        *confident, other = self.strata(STRATA, batch=batch)
        return estimate([*confident, Stratum(other.rows, other.rows, 0)], COVERAGE)
