"""How far people agree who labelled the same rows, and on which rows they do not. Light."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from engine.agreement import alpha_interval, krippendorff_alpha
from engine.labelling.label_file import FileLabel
from engine.labelling.texts import TextRow
from engine.schema import Record
from engine.wilson import wilson_bounds


@dataclass(frozen=True, slots=True)
class LabelAgreement(Record):
    """What a comparison of labels says.

    Attributes:
        rows: that two or more people gave a label.
        agreed: rows on which all of them gave the same one; ``share`` with its 95 % Wilson interval.
        alpha: Krippendorff's, with its bootstrap interval; None where it says nothing, with the reason in ``why``.
        unsure: labels that were left out because their person was unsure.
        confusions: pairs of labels given to one row, the most frequent first, with the number of rows.
        conflicts: the rows on which people differ, without anybody's label.
    """

    rows: int
    agreed: int
    share: tuple[float, float, float] | None
    alpha: float | None
    alpha_bounds: tuple[float, float] | None
    why: str
    unsure: int
    confusions: tuple[tuple[str, str, int], ...]
    conflicts: tuple[TextRow, ...]


def agreement_of(files: Mapping[str, Mapping[str, FileLabel]]) -> LabelAgreement:
    """Compare the labels of two people or more.

    Args:
        files: the labels of each, by the id of their row. An id with another text is another row.
    """
    by_row: dict[TextRow, list[str]] = {}
    unsure = 0
    for labels in files.values():
        for one in labels.values():
            if one.label:
                by_row.setdefault(TextRow(one.id, one.text, one.text_pair), []).append(one.label)
            else:
                unsure += 1
    return agreement_between(by_row, unsure=unsure)


def agreement_between(by_row: Mapping[TextRow, Sequence[str]], *, unsure: int = 0) -> LabelAgreement:
    """Compare the labels that rows were given.

    Args:
        by_row: the labels of each row, at most one of each person.
        unsure: labels that were left out because their person was unsure.
    """
    shared = {row: given for row, given in by_row.items() if len(given) > 1}
    units = list(shared.values())
    agreed = sum(len(set(given)) == 1 for given in units)
    confusions = Counter(pair for given in units for pair in combinations(sorted(set(given)), 2))
    alpha, bounds, why = None, None, ""
    if not units:
        why = "no row has labels by two people"
    elif len({label for given in units for label in given}) == 1:
        why = "all rows got the same label, so nothing is expected to differ"
    else:
        alpha, bounds = krippendorff_alpha(units), alpha_interval(units)
    return LabelAgreement(
        rows=len(units),
        agreed=agreed,
        share=(agreed / len(units), *wilson_bounds(agreed, len(units), 0.95)) if units else None,
        alpha=alpha,
        alpha_bounds=bounds,
        why=why,
        unsure=unsure,
        confusions=tuple((one, other, count) for (one, other), count in confusions.most_common()),
        conflicts=tuple(row for row, given in shared.items() if len(set(given)) > 1),
    )
