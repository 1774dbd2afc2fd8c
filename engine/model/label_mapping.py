"""Which output of a classifier means which of the project's labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from engine.errors import ModelError

_GENERIC = re.compile(r"LABEL_\d+", re.IGNORECASE)


def match_outputs(
    id2label: Mapping[int, str], labels: Sequence[str], classifier_labels: Sequence[str] = ()
) -> list[int] | None:
    """For each label the index of the output that means it; None where outputs and labels are not the same set.

    The checkpoint's own names are tried first, as they are and then without regard to case; ``classifier_labels`` (the
    names of the outputs in their order) only where these do not fit.
    """
    own = [id2label[index] for index in range(len(id2label))]
    for names in (own, classifier_labels):
        for alike in (str, lambda name: str(name).strip().casefold()):
            found = {alike(name): index for index, name in enumerate(names)}
            wanted = [alike(label) for label in labels]
            if len(names) == len(own) == len(set(wanted)) and found.keys() == set(wanted):
                return [found[label] for label in wanted]
    return None


def output_order(
    id2label: Mapping[int, str], labels: Sequence[str], classifier_labels: Sequence[str] = (), *, where: str
) -> list[int]:
    """`match_outputs`, or an error that says how to mend the mismatch.

    Raises:
        ModelError: outputs and labels are not the same set.
    """
    order = match_outputs(id2label, labels, classifier_labels)
    if order is not None:
        return order
    own = [str(name) for name in id2label.values()]
    example = "[" + ", ".join(f'"{label}"' for label in labels) + "]"
    if classifier_labels:
        raise ModelError(
            f"model.classifier_labels names {', '.join(classifier_labels)} for {len(own)} outputs, "
            f"the project's labels are {', '.join(labels)}",
            where=where,
            hint=f"set it to the project's labels in the order of the outputs, such as {example}",
        )
    if all(_GENERIC.fullmatch(name) for name in own) and len(own) == len(labels):
        raise ModelError(
            f"the classifier calls its outputs {', '.join(own)}, which says nothing of their meaning",
            where=where,
            hint=f"set model.classifier_labels to the labels in the order of the outputs, such as {example}",
        )
    raise ModelError(
        f"the classifier answers {', '.join(own)}, the project's labels are {', '.join(labels)}",
        where=where,
        hint="use a classifier of these labels, or leave model.classifier empty to fine-tune one",
    )
