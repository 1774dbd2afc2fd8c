"""The one-line definition of each measure and word, the same on screens, in commands and in reports."""

from __future__ import annotations

_HELD_BACK = "Rows that are shown once you have committed to your answer, or declined (C): patterns are tested on them."

SPOTS: dict[str, str] = {
    "UUs": "Rows that the model gets wrong with a confidence of at least tau, without those marked label wrong or "
    "ambiguous.",
    "flags": "Rows near them to which an LLM gives another label than the model. They may be UUs: nobody has labelled "
    "them yet; # does.",
    "words": "What these rows share and others lack.",
    "pat/sam": "Patterns and samples written for them.",
    "coherence": "How alike the rows are, 1 at most.",
    "held back": _HELD_BACK,
    "12 new: D": "Rows that people have labelled, or labelled differently, since the blind spots were found; D looks "
    "again.",
}

EVIDENCE: dict[str, str] = {
    "held back": _HELD_BACK,
    "withheld": "Rows that nearly equal a proof row: nobody is shown them.",
    "label?": "The rest of the pool speaks against this row's gold label. The filter takes the word too.",
    "flagged": "Rows, after the UUs, to which an LLM gives another label than the model, and which nobody has "
    "labelled; ! lets you label them. The filter takes the word too.",
}

TEACHING: dict[str, str] = {
    "abstraction": "A pattern: why the model gets these rows wrong.",
    "extrapolation": "A pattern: what else the model should get wrong.",
    "target": "A sample: a new text of that kind.",
    "counter": "A sample: a small change of such a text that has another label.",
    "anchor": "A sample: an ordinary text that should stay right.",
    "the line beneath a sample": "What the current model makes of the text.",
}

PROOF: dict[str, str] = {
    "UUs at matched coverage": "Errors among as many of the most confident rows as the baseline covers at tau. Decides "
    "the verdict, as it does not fall when a model is merely less sure; fewer is better.",
    "UUs at tau": "Unknown unknowns: rows that are wrong with confidence at or above tau. Fewer may "
    "only mean less sure.",
    "coverage": "Share of rows with confidence at or above tau, right or wrong.",
    "accuracy": "Share of rows that are right, at any confidence.",
    "macro-F1": "Mean over labels of F1, the harmonic mean of precision and recall: rare labels count as "
    "much as others.",
    "calibration error (ECE)": "Mean gap between confidence and accuracy over 15 bins of confidence; 0 is calibrated.",
    "risk-coverage area (AURC)": "Error rate among the k most confident rows, averaged over every k; lower is better.",
    "its excess over the best": "AURC minus the least that a model of equal accuracy can have: what bad ranking of its "
    "errors costs; 0 is a perfect ranking.",
    "churn": "Share of rows that are given another label than by the baseline of the same seed.",
    "noise between seeds": "Share of rows that two seeds of the baseline label differently: churn below it is what any "
    "retrain does.",
    "McNemar's test": "P-value of equal accuracy, from the rows that only one of the two models gets right; small "
    "speaks for a difference.",
    "interval": "Paired bootstrap over rows and seeds of the change against the baseline; it decides, and the "
    "intervals of the two levels may overlap even so.",
    "reliability": "Accuracy among rows of about equal confidence: below that confidence a model is too sure.",
    "unseen UUs": "UUs of the baseline on proof that lie near no known blind spot.",
    "right of rows": "Rows that a model gets right, a mean over seeds, with Wilson's interval of the share.",
}

COMPARISON: dict[str, str] = {
    "rate": "Win rate: share of judgements for the one among those for either; ties and `neither` do not count. 0.50 "
    "is even. The interval is a bootstrap over items.",
    "wins": "Judgements that find the one better.",
    "losses": "Judgements that find the other better.",
    "ties": "Judgements that find both equally good.",
    "neither": "Judgements that find neither good.",
    "accepted": "Share of judged samples that most reviewers take as they are.",
    "fixed": "Share of judged samples that most reviewers take with a correction.",
    "rejected": "Share of judged samples that most reviewers would leave out.",
    "label wrong": "Of the samples for which that was answered, those whose label most reviewers find wrong; a verdict "
    "alone is no answer.",
    "natural": "Of the samples for which that was answered, those that read as somebody would write them.",
    "fits": "Of those for which that was answered, samples that fit their pattern, or patterns that fit the rows they "
    "explain.",
    "precise": "Of the patterns for which that was answered, those that say no more than the rows show.",
    "useful": "Of the patterns for which that was answered, those that help to foresee other errors.",
    "alpha": "Krippendorff's alpha: agreement of all reviewers beyond chance; 1 is full, 0 is chance, less is worse.",
    "kappa": "Cohen's kappa: agreement of two reviewers beyond chance; 1 is full, 0 is chance, less is worse.",
    "distinct-1": "Share of different words among all words, 0 to 1; more samples make it lower.",
    "distinct-2": "Share of different pairs of neighbouring words among all, 0 to 1; more samples make it lower.",
    "near-dup": "Samples that nearly equal an earlier one of the same label; fewer is better.",
    "spread": "Mean cosine distance between the embeddings of two samples; 0: all mean the same.",
    "Vendi": "As many wholly different samples would be as varied; at most the number of samples.",
    "by text": "Novelty: mean distance to the most similar row of the evidence by characters; 0: copies of rows.",
    "by embedding": "Novelty by meaning: the same as by text, by the cosine of embeddings.",
    "balance": "How evenly the labels are used: 1 is even, 0 is one label alone.",
}
