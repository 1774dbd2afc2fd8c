"""The records of a project as tables, one of each kind, each row with where it comes from.

Nothing sealed is in them: of others' patterns, samples and judgements they hold those that the person who exports may
also see on the screens. Labels are not sealed. Labels of proof rows, and of pool rows that nearly equal one, are in
them only if they are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from engine.counted import counted
from engine.data.proof_rows import proof_rows_to_label
from engine.exchange.export_tables import COLUMNS, Kind, Row, Table, Value
from engine.exchange.lineage import Lineage
from engine.labelling.guidelines import Guideline, guideline_of
from engine.project import Project
from engine.review.blinding import to_judge
from engine.review.outcome import Judged, judged_items
from engine.schema import Example, Pattern, RowLabel, RowMark, Sample, SplitName, Teacher
from engine.teaching.authors import file_stem
from engine.teaching.import_records import original_author
from engine.teaching.labels import Labels
from engine.teaching.records import Teaching
from engine.teaching.revisions import Revision
from engine.teaching.sealing import decisions, is_open
from engine.text import row_hash


@dataclass(frozen=True, slots=True)
class Gathered:
    """What leaves a project.

    Attributes:
        name: of the project's folder. labels: of the project, in their order. pair: whether rows are pairs.
        tables: those kinds that were asked for and have records. guideline: as it stands now.
        left_out: what is not in them, a sentence each. proof: labels of proof rows, or of rows like one, in them.
    """

    name: str
    labels: tuple[str, ...]
    pair: bool
    guideline: Guideline
    tables: tuple[Table, ...]
    left_out: tuple[str, ...]
    proof: int


def gather(project: Project, teaching: Teaching, kinds: Collection[Kind], *, proof: bool = False) -> Gathered:
    """Draw up the tables.

    Args:
        project: whose records they are.
        teaching: the records, with whoever exports as their author.
        kinds: which.
        proof: labels of proof rows, and of pool rows that nearly equal one, too.

    Raises:
        ProjectError: a discovery is damaged.
        StoreError: a file of records, or of the review, may not be read or is damaged.
        DataError: a guideline cannot be read.
    """
    maker = _Maker(project, teaching, proof=proof)
    makes: dict[Kind, Callable[[], Iterator[Row]]] = {
        "labels": maker.labels,
        "marks": maker.marks,
        "samples": maker.samples,
        "patterns": maker.patterns,
        "judgements": maker.judgements,
    }
    tables = [Table(kind, list(make())) for kind, make in makes.items() if kind in kinds]
    return Gathered(
        name=project.root.name,
        labels=project.labels,
        pair=project.settings.task.pair,
        guideline=guideline_of(project),
        tables=tuple(table for table in tables if table.rows),
        left_out=tuple(maker.left_out()),
        proof=maker.proof,
    )


class _Maker:
    """Makes the rows of each kind, and keeps account of what it leaves out."""

    def __init__(self, project: Project, teaching: Teaching, *, proof: bool) -> None:
        self._project = project
        self._teaching = teaching
        self._with_proof = proof
        self._decided = decisions(teaching, teaching.author)
        self._lineage = Lineage(project, self._decided)
        latest = self._lineage.latest
        self._unjudged = to_judge(project, latest, teaching) if latest and self._decided else frozenset[str]()
        self._withheld = frozenset(project.manifest.withheld)
        self._sealed: dict[str, None] = {}
        self._hidden_marks = 0
        self._no_proof = self._gone = 0
        self.proof = 0

    def left_out(self) -> Iterator[str]:
        """What was not made a row of, a sentence each."""
        if self._no_proof:
            count = counted(self._no_proof, "label")
            yield f"left out: {count} of proof rows, or of rows that nearly equal one: these prove, and train nothing"
        if self._sealed:
            spots = ", ".join(sorted(self._sealed, key=_number))
            who = self._teaching.author
            yield f"left out: what others wrote on {spots}, which is sealed for {who}, or still to be judged blind"
        if self._hidden_marks:
            count = counted(self._hidden_marks, "mark")
            yield f"left out: {count} of rows that {self._teaching.author} may not see yet"
        if self._gone:
            yield f"left out: {counted(self._gone, 'record')} of rows that the project does not have"

    def labels(self) -> Iterator[Row]:
        """Every label that was given to a row, and every decision."""
        given = [
            (revision, record)
            for kind in ("label", "adjudication")
            for revision, record in self._teaching.with_revisions(kind)
            if isinstance(record, RowLabel)
        ]
        settled = {split: Labels(self._teaching, split).settled() for split in ("pool", "proof")}
        texts = {split: self._texts(split, [one for _, one in given]) for split in ("pool", "proof")}
        for revision, label in given:
            if label.split == "proof" and not self._with_proof:
                self._no_proof += 1
                continue
            row = texts[label.split].get(label.row)
            if row is None:
                self._gone += 1
                continue
            withheld = label.split == "pool" and row_hash(row.text, row.text_pair) in self._withheld
            if withheld and not self._with_proof:
                self._no_proof += 1
                continue
            self.proof += withheld or label.split == "proof"
            yield {
                "id": label.row,
                "split": label.split,
                "withheld": withheld,
                "text": row.text,
                "text_pair": row.text_pair,
                "label": label.label,
                "certainty": label.certainty,
                "settled": settled[label.split].get(label.row, ""),
                "labeller": label.teacher.name,
                "labeller_kind": label.teacher.kind,
                "recorded": label.teacher.recorded,
                "queue": label.queue,
                "chance": label.chance,
                "guideline": label.guideline,
                "guideline_hash": self._lineage.guideline(label.guideline),
                **self._lineage.of_label(label),
                "seconds": label.seconds,
                "overlap": label.overlap,
                "note": label.note,
                "reason": label.reason,
                "time": revision.time,
                **self._lineage.of_row(label.row, label.split),
            }

    def marks(self) -> Iterator[Row]:
        """Every mark of a row, of all annotators."""
        marks = [
            (revision, mark) for revision, mark in self._teaching.with_revisions("mark") if isinstance(mark, RowMark)
        ]
        texts = self._project.rows("pool", [mark.row for _, mark in marks])
        for revision, mark in marks:
            row = texts.get(mark.row)
            if row is None:
                self._gone += 1
            elif mark.row in self._lineage.hidden:
                self._hidden_marks += 1
            else:
                yield {
                    "id": mark.row,
                    "text": row.text,
                    "text_pair": row.text_pair,
                    "verdict": mark.verdict,
                    "label": mark.label,
                    "gold": self._lineage.gold(mark.row),
                    "annotator": original_author(revision.author),
                    "time": revision.time,
                    **self._lineage.of_row(mark.row, "pool"),
                }

    def samples(self) -> Iterator[Row]:
        """The samples that may be seen."""
        patterns = {pattern.id: pattern for _, pattern in self._visible_patterns()}
        for revision, sample in self._teaching.with_revisions("sample"):
            if isinstance(sample, Sample) and self._may_see(sample):
                pattern = patterns.get(sample.pattern or "")
                yield {
                    "id": sample.id,
                    **self._lineage.of_spot(sample.blind_spot),
                    "text": sample.text,
                    "text_pair": sample.text_pair,
                    "label": sample.label,
                    "role": sample.role,
                    "pattern": pattern.id if pattern else None,
                    "pattern_kind": pattern.kind if pattern else None,
                    "pattern_text": pattern.text if pattern else None,
                    **_teacher(sample.teacher),
                    "evidence": sample.evidence,
                    **self._lineage.of_answer(sample),
                    "time": revision.time,
                }

    def patterns(self) -> Iterator[Row]:
        """The patterns that may be seen."""
        for revision, pattern in self._visible_patterns():
            yield {
                "id": pattern.id,
                **self._lineage.of_spot(pattern.blind_spot),
                "kind": pattern.kind,
                "text": pattern.text,
                **_teacher(pattern.teacher),
                "evidence": pattern.evidence,
                **self._lineage.of_answer(pattern),
                "refined": pattern.refined,
                "rewords": pattern.rewords,
                "time": revision.time,
            }

    def judgements(self) -> Iterator[Row]:
        """Judgements of one's own, with who wrote what, and those of others where nothing is to be judged any more."""
        times = {
            (revision.author, revision.id): revision.time for revision, _ in self._teaching.with_revisions("judgement")
        }
        stems = {file_stem(author): author for author, _ in times}
        for judged in judged_items(self._project, self._teaching, own=True):
            spot = judged.item.blind_spot
            if judged.reviewer == self._teaching.store.stem or self._is_open(spot):
                author = stems.get(judged.reviewer, judged.reviewer)
                yield from self._answers(judged, author, times.get((author, judged.item.id), ""))
            else:
                self._sealed[spot] = None

    def _answers(self, judged: Judged, reviewer: str, time: str) -> Iterator[Row]:
        item = judged.item
        names = {"left": item.sides[0].teacher.name, "right": item.sides[1].teacher.name}
        head: dict[str, Value] = {
            "item": item.id,
            **self._lineage.of_spot(item.blind_spot),
            "kind": item.kind,
            "reviewer": reviewer,
            "own": judged.own,
            "time": time,
        }
        preference = names.get(judged.preference, judged.preference)
        yield _line(head, about="item", preference=preference)
        for side, judgement in judged.parts:
            who: dict[str, Value] = {"teacher": side.teacher.name, "teacher_kind": side.teacher.kind}
            if side.pattern:
                yield _line(
                    head,
                    about="pattern",
                    id=side.pattern.id,
                    text=side.pattern.text,
                    fits=judgement.fits,
                    precise=judgement.precise,
                    useful=judgement.useful,
                    **who,
                )
            for sample, answer in zip(side.samples, judgement.samples, strict=True):
                if answer is not None:
                    yield _line(
                        head,
                        about="sample",
                        id=sample.id,
                        text=sample.text,
                        text_pair=sample.text_pair,
                        label=sample.label,
                        verdict=answer.verdict,
                        right_label=answer.right_label,
                        natural=answer.natural,
                        fits=answer.fits,
                        fixed_text=answer.text,
                        fixed_text_pair=answer.text_pair,
                        fixed_label=answer.label,
                        **who,
                    )

    def _visible_patterns(self) -> Iterator[tuple[Revision, Pattern]]:
        for revision, pattern in self._teaching.with_revisions("pattern"):
            if isinstance(pattern, Pattern) and self._may_see(pattern):
                yield revision, pattern

    def _may_see(self, record: Pattern | Sample) -> bool:
        if self._teaching.is_own(record.id) or self._is_open(record.blind_spot):
            return True
        self._sealed[record.blind_spot] = None
        return False

    def _is_open(self, spot_id: str) -> bool:
        return is_open(spot_id, self._decided, self._unjudged)

    def _texts(self, split: SplitName, labels: Sequence[RowLabel]) -> dict[str, Example]:
        """The rows of a split that have labels, by id; of proof, where they are asked for alone."""
        ids = {label.row for label in labels if label.split == split}
        if split == "proof":
            return proof_rows_to_label(self._project, ids) if ids and self._with_proof else {}
        return self._project.rows(split, ids)


def _teacher(teacher: Teacher) -> dict[str, Value]:
    return {"teacher": teacher.name, "teacher_kind": teacher.kind, "recorded": teacher.recorded}


def _line(head: dict[str, Value], **values: Value) -> dict[str, Value]:
    """A line of a judgement: what it does not answer is None."""
    return {column.name: None for column in COLUMNS["judgements"]} | head | values


def _number(spot_id: str) -> int:
    return int(spot_id[1:])
