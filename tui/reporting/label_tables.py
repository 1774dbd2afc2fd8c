"""The labels of a project as tables and sentences, for the command and the screen. Knows nothing of the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from engine.counted import counted
from engine.label_queue.guideline_use import GuidelineUse
from engine.label_queue.label_overview import CheckedLlm, LabelOverview
from engine.label_queue.llm_quality import CERTAIN, AgreementShare, Compared, LlmQuality, givers
from engine.labelling.answers import CERTAINTY_WORDS
from engine.labelling.label_agreement import LabelAgreement
from engine.labelling.texts import TextRow
from engine.text import visible
from tui.reporting.table import Table

Block = Table | str


def overview_blocks(found: LabelOverview, project: Path) -> list[Block]:
    """Everything that is known of the labels, from rows and people to each LLM, and what to do next."""
    blocks: list[Block] = [_rows(found)]
    if found.labellers:
        people = [(visible(one.author), one.kind, f"{one.rows:,}", f"{one.unsure:,}") for one in found.labellers]
        blocks.append(Table("Who has labelled rows of the pool", ("labeller", "kind", "rows", "unsure"), people))
    if found.agreement.rows:
        blocks.append(agreement_sentence(found.agreement))
    for one in found.llms:
        blocks += _llm(one)
    if found.guideline.versions and found.labellers:
        blocks.append(versions_table(found.guideline))
    return [*blocks, *(f"next: {step}" for step in next_steps(found, project))]


def agreement_sentence(found: LabelAgreement) -> str:
    """How far people agree."""
    share, low, high = found.share or (0.0, 0.0, 0.0)
    told = f"People agree on {found.agreed:,} of {found.rows:,} rows that two or more labelled: {share:.2f}"
    bounds = (
        "({:.2f} to {:.2f})".format(*found.alpha_bounds) if found.alpha_bounds else "(too few rows for an interval)"
    )
    alpha = f"none, as {found.why}" if found.alpha is None else f"{found.alpha:.2f} {bounds}; 1 perfect, 0 chance"
    return f"{told} ({low:.2f} to {high:.2f}). Krippendorff's alpha: {alpha}."


def versions_table(found: GuidelineUse) -> Table:
    """Labels of the pool by version of the guideline."""
    rows = [
        (
            f"version {one.number}{', as it stands' * (one.number == found.now)}" if one.number else "without one",
            f"{one.lines:,}",
            f"{one.people:,}",
            f"{one.llms:,}",
        )
        for one in found.versions
    ]
    return Table("Labels by version of the guideline", ("guideline", "lines", "by people", "by LLMs"), rows)


def stale_sentences(found: GuidelineUse, project: Path) -> list[str]:
    """What the edits of the guideline have made stale, and the command that mends it."""
    where = shlex.quote(str(project))
    told = [
        f"{counted(count, 'label')} of {visible(author)} may be wrong since the guideline was edited: "
        f"blindspot label {where} --queue stale --labeller {shlex.quote(author)}"
        for author, count in found.stale.items()
    ]
    return told + [
        f"{counted(count, 'label')} of {visible(author)} came under an earlier guideline: "
        f"blindspot label {where} --by llm"
        for author, count in found.earlier.items()
    ]


def next_steps(found: LabelOverview, project: Path) -> list[str]:
    """What to do, the most pressing first."""
    where = shlex.quote(str(project))
    steps = []
    if not found.labellers and not found.unlabelled:
        steps.append(f"every pool row came with a label: blindspot discover {where}")
    elif not found.labellers:
        steps.append(f"label rows: blindspot label {where}, or let an LLM: blindspot label {where} --by llm")
    for number, of, queue in (
        (found.conflicts, "", "conflict"),
        (found.proof_conflicts, " of the proof part", "proof-conflict"),
    ):
        if number:
            differ = f"decide on {counted(number, 'row')}{of} where people differ"
            steps.append(f"{differ}: blindspot label {where} --queue {queue}")
    steps += stale_sentences(found.guideline, project)
    for one in found.llms:
        if one.usability.needed:
            steps.append(
                f"label about {one.usability.needed:,} more rows at random: blindspot label {where} --queue random"
            )
        elif not one.usability.usable:
            name = visible(one.quality.teacher.name)
            again = f"blindspot labels {where} --disagreements; mend guidelines.md, and let it label again"
            steps.append(f"read where {givers(one.quality.checked_by)} and {name} differ: {again}")
    return list(dict.fromkeys(steps))


def disagreement_lines(one: Compared, row: TextRow | None) -> list[str]:
    """A disagreement to be read: the text, and what both sides say of it."""
    texts = ["(the row is not in the pool any more)"] if row is None else [visible(row.text)]
    if row is not None and row.text_pair is not None:
        texts.append(f"second text: {visible(row.text_pair)}")
    said = f"LLM: {visible(one.llm_label)}, {CERTAINTY_WORDS[one.certainty]}"
    drawn = "drawn at random" if one.chance is not None else "not drawn at random: it counts in no figure"
    return [
        *texts,
        f"{givers(one.checked_by)}: {visible(one.right)}   {said}",
        f"row {visible(one.row)}, {drawn}",
    ]


def disagreement_json(quality: LlmQuality, texts: Mapping[str, TextRow]) -> list[dict[str, object]]:
    """The disagreements of an LLM with their texts."""
    return [
        one.as_json() | {"text": texts[one.row].text, "text_pair": texts[one.row].text_pair}
        for one in quality.disagreements
        if one.row in texts
    ]


def _rows(found: LabelOverview) -> str:
    who = givers({one.kind for one in found.labellers})
    parts = [f"{found.settled:,} of {found.rows:,} pool rows have a label from {who}"]
    parts += [f"on {counted(found.conflicts, 'row')} they differ"] if found.conflicts else []
    held_out = "have" if found.proof != 1 else "has"
    parts += [f"{counted(found.proof, 'proof row')} {held_out} one"] if found.proof else []
    return "; ".join(parts) + "."


def _llm(one: CheckedLlm) -> list[Block]:
    quality = one.quality
    certain = ", ".join(f"{count:,} {CERTAINTY_WORDS[int(step)]}" for step, count in quality.labelled.items() if count)
    rows = [
        _share("rows drawn at random", quality.all),
        _share(f"those of certainty {CERTAIN} and 3", quality.used),
        *(
            _share(f"certainty {step}, {CERTAINTY_WORDS[int(step)]}", found)
            for step, found in quality.by_certainty.items()
        ),
        *(_share(f"labelled {visible(label)}", found) for label, found in quality.by_label.items()),
    ]
    name, who = visible(quality.teacher.name), givers(quality.checked_by)
    title = f"{name} ({quality.teacher.title}), beside {who}{f'; {certain}' if certain else ''}"
    told = [f"{name}: {one.usability.sentence}."]
    if quality.disagreements:
        told.append(f"{name} and {who} differ on {counted(len(quality.disagreements), 'row')} that can be read.")
    if quality.hidden:
        told.append(f"They differ on {counted(quality.hidden, 'row')} of the proof part too, which nobody is shown.")
    if quality.hunted:
        told.append(
            f"{counted(quality.hunted, 'row')} were compared that were not drawn at random: they count in no figure."
        )
    return [Table(title, ("its labels", "rows", "agreed", "share", "95 %"), rows), " ".join(told)]


def _share(name: str, found: AgreementShare) -> tuple[str, ...]:
    if found.value is None:
        return name, str(found.rows), "", "", ""
    return name, f"{found.rows:,}", f"{found.agreed:,}", f"{found.value:.2f}", f"{found.low:.2f}-{found.high:.2f}"
