"""From predictions on the pool to named blind spots; independent of the files' row order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from engine.discovery.calibration import UNKNOWN, Scores, histogram, score, taus_for
from engine.discovery.clusterers import CLUSTERERS
from engine.discovery.clusters import SCATTERED, closeness
from engine.discovery.error_excess import error_excess
from engine.discovery.flags import LlmLabels, flag
from engine.discovery.keywords import Background, telling
from engine.discovery.label_errors import suspects
from engine.discovery.neighbours import nearest
from engine.discovery.pool_scoring import ScoredPool, score_pool
from engine.discovery.projection import project as lay_out
from engine.discovery.sampling import ENOUGH, blocks
from engine.discovery.stable_ids import match_ids
from engine.model.device import choose_compute
from engine.model.model_registry import ModelRef, embeddings, predictions, reading_of, scans
from engine.model.truncation import cut_sentence
from engine.progress import Monitor
from engine.project import Project
from engine.schema import BlindSpot, Discovery, Example, Prediction
from engine.settings import DiscoverySettings
from engine.shown_rows import IN_ONE_FILE, ShownRow, in_memory, with_shown_rows, write_shown_rows

NEIGHBOURS = 3
DIGITS = 6  # of probabilities and coordinates in the file

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.intp]


def find(
    project: Project,
    model: ModelRef,
    *,
    key: str,
    number: int,
    previous: Discovery | None,
    labels: Mapping[str, str],
    llm_labels: LlmLabels,
    looked_wrong: Collection[str],
    monitor: Monitor,
) -> Discovery:
    """Score the pool, group its UUs and name the groups.

    Rows that are very many are written beside where the discovery will lie (`engine.shown_rows`).

    Args:
        project: gives pool, dev and settings.
        model: the classifier to look at.
        key: content key of the result.
        number: the round.
        previous: the discovery whose ids go on.
        labels: of people, by pool row id.
        llm_labels: of an LLM, for flags alone.
        looked_wrong: ids of pool rows that people were asked for because they looked wrong.
        monitor: told of the stages score, embed, labels, cluster, map, words and, where rows are long, length.

    Raises:
        ProjectError: a label is not one of the project's.
        ModelError: model or encoder cannot be used.
        Stopped: from the monitor.
    """
    settings = project.settings.discovery
    scored = score_pool(project, model, labels=labels, monitor=monitor)
    pool, gold, logits, scores = scored.rows, scored.gold, scored.logits, scored.scores
    ids = pool.ids
    temperature = scored.temperature
    uus = np.flatnonzero(scores.uus(settings.tau))
    right = np.flatnonzero(scores.right)
    wrong = np.flatnonzero(scores.wrong)
    known = gold != UNKNOWN
    if not len(uus) and len(wrong) and scans(project):  # a lower tau is looked for; a scan is exact about this one only
        logits = logits.copy()
        logits[wrong] = predictions(project, model, [pool[row] for row in wrong], split_key="wrong", monitor=monitor)
        scores = score(logits, gold, temperature=scored.applied)
    flags = flag(ids, scores, project.labels, llm_labels, settings.tau)
    near, vectors = np.zeros((0, 0), dtype=np.intp), np.zeros((0, 1), dtype=np.float32)
    around = flag_vectors = vectors
    doubted = np.zeros(0, dtype=np.intp)
    if len(uus):
        around = embeddings(project, pool, scan=True, monitor=monitor)
        near = nearest(around, uus, right, NEIGHBOURS, seed=settings.seed)
        monitor.step("labels", 0, 1)
        doubted = suspects(around, gold, uus, seed=settings.seed)
        vectors, flag_vectors = np.asarray(around[uus]), np.asarray(around[flags.rows])
    if (len(uus) or len(flags.rows)) and scans(project):
        # what is shown or grouped has to be exact: places of UUs, confidence of the rows nearby and of flagged ones
        if len(uus):
            vectors = embeddings(project, [pool[row] for row in uus], monitor=monitor)
            flag_vectors = embeddings(project, [pool[row] for row in flags.rows], monitor=monitor)
        of_people = [row for row in uus if ids[row] in labels]
        beside = np.unique([*near.ravel(), *of_people, *flags.rows]).astype(np.intp)
        if len(beside):
            logits, asked = logits.copy(), [pool[row] for row in beside]
            logits[beside] = predictions(project, model, asked, split_key="near", monitor=monitor)
            scores = score(logits, gold, temperature=scored.applied)
    # as many threads as cores were free: with the other core busy, two make t-SNE 5-10 times slower
    with threadpool_limits(choose_compute(project.settings.compute).threads):
        places = _groups(scores, uus, vectors, settings, monitor)
        monitor.step("map", 0, 1)
        drawn = lay_out(vectors, seed=settings.seed)
        monitor.step("map", 1, 1)
    groups = [uus[group] for group in places]
    coherence = [float(closeness(vectors[group]).mean()) for group in places]
    near_of = dict(zip(uus.tolist(), near.tolist(), strict=True))
    words = _words(project, scored, around, groups, near_of=near_of, flagged=flags.rows, monitor=monitor)
    flagged = flags.by_group(scores, groups, [vectors[group] for group in places], flag_vectors)
    chosen = np.fromiter((row in looked_wrong for row in ids), dtype=np.bool_, count=len(ids)) & ~scored.came_labelled
    fair = np.flatnonzero(known & (scores.confidence >= settings.tau) & ~chosen)
    excess = error_excess(groups, around, fair, scores.wrong, scores.confidence)
    spots = [
        replace(
            spot,
            flagged=tuple(ids[row] for row in rows),
            estimate=flags.estimate(len(spot.rows), len(rows)),
            excess=beyond,
        )
        for spot, rows, beyond in zip(
            _spots(ids, scores, groups, coherence, words, project.labels), flagged, excess, strict=True
        )
    ]
    matched = match_ids(spots, previous)
    shown = sorted({*uus.tolist(), *near.ravel().tolist(), *flags.rows.tolist()})
    at_temperature = None
    if temperature is not None:
        at_temperature = int(score(logits, gold, temperature=temperature).uus(settings.tau).sum())
        monitor.note(f"temperature fitted on dev: {temperature:.2f}; with it {at_temperature} UUs")
    loose = [ids[row] for row in np.setdiff1d(uus, np.concatenate([uus[:0], *groups]), assume_unique=True)]
    reading = reading_of(project, model)
    cut = reading.cut(pool, monitor=monitor) if reading else []
    shortened = [pool[row] for row in sorted({*cut}.intersection(shown))]
    if reading and cut:
        monitor.note(cut_sentence(len(cut), len(pool), "pool", reading.tokens))
    among = f"{len(pool)} rows" if known.all() else f"{known.sum()} of {len(pool)} rows that have a label"
    monitor.note(f"{len(uus)} UUs among {among}: {len(groups)} blind spots, {len(loose)} rows scattered")
    ends = dict(zip([row.id for row in shortened], reading.ends(shortened) if reading else (), strict=True))
    place_of = {row: place for place, row in enumerate(uus.tolist())}

    def shown_row(row: int) -> ShownRow:
        prediction, read_to = _prediction(pool[row], scores, row, project.labels), ends.get(ids[row])
        if (place := place_of.get(row)) is None:
            return ShownRow(prediction, read_to=read_to)
        x, y = drawn[place].tolist()
        beside = tuple(ids[one] for one in near[place])
        return ShownRow(prediction, beside, (round(x, DIGITS), round(y, DIGITS)), read_to)

    folder, rows = project.round_dir(number), map(shown_row, shown)
    rows_file = write_shown_rows(folder, key, rows) if len(shown) > IN_ONE_FILE else None
    found = Discovery(
        key=key,
        round=number,
        model=model.name,
        model_key=model.key,
        tau=settings.tau,
        labels=project.labels,
        n_pool=len(pool),
        accuracy=scores.accuracy if known.all() else None,
        coverage=scores.coverage(settings.tau),
        temperature=temperature,
        temperature_applied=settings.apply_temperature,
        uus_at_temperature=at_temperature,
        blind_spots=matched.blind_spots,
        retired=matched.retired,
        next_id=matched.next_id,
        scattered=tuple(loose),
        suspects=tuple(ids[row] for row in doubted),
        confidences=histogram(scores),
        taus=taus_for(scores),
        read_tokens=reading.tokens if reading and reading.known else 0,
        cut=tuple(ids[row] for row in cut),
        labelled=int(known.sum()),
        flagged=tuple(ids[row] for row in flags.rows),
        checked_flags=(flags.uus, flags.checked),
        row_labels={row: labels[row] for row in ids if row in labels},
        rows_file=rows_file,
        **in_memory(rows if rows_file is None else ()),
    )
    return with_shown_rows(found, folder)


def _groups(scores: Scores, uus: Ints, vectors: Floats, settings: DiscoverySettings, monitor: Monitor) -> list[Ints]:
    """Places among the UUs of the rows of each group, most typical first, cell by cell."""
    cells = sorted({(int(scores.gold[row]), int(scores.predicted[row])) for row in uus})
    groups, cluster_cell = [], CLUSTERERS[settings.clusterer]
    for done, (gold, predicted) in enumerate(cells):
        monitor.step("cluster", done, len(cells))
        cell = np.flatnonzero((scores.gold[uus] == gold) & (scores.predicted[uus] == predicted))
        labels = cluster_cell(vectors[cell], min_size=settings.min_size, seed=settings.seed)
        for number in range(labels.max(initial=SCATTERED) + 1):
            rows = cell[labels == number]
            groups.append(rows[np.argsort(-closeness(vectors[rows]).round(DIGITS), kind="stable")])
    monitor.step("cluster", len(cells), len(cells))
    return groups


def _words(
    project: Project,
    scored: ScoredPool,
    around: Floats,
    groups: Sequence[Ints],
    *,
    near_of: dict[int, list[int]],
    flagged: Ints,
    monitor: Monitor,
) -> list[tuple[str, ...]]:
    """The words of each group, from the pool's scores and embeddings (rows, d).

    ``near_of``: for each UU the rows nearby that the model gets right. ``flagged``: places of the flagged rows.
    """
    if not groups:
        return []
    pool, labels = scored.rows, project.labels
    # Rows that nobody has labelled or flagged belong to the contrast by what the model says: most of them are right.
    # With the labels of 15 right rows alone none of the demo's ten blind spots has a word, with them eight have.
    unknown = scored.gold == UNKNOWN
    right = scored.scores.right | unknown
    right[flagged] = scored.scores.right[flagged]
    read_as = (
        replace(row, label=labels[predicted]) if open_row else row
        for row, predicted, open_row in zip(pool, scored.scores.predicted, unknown, strict=True)
    )
    background = Background(read_as, right.tolist())
    candidates = []
    for rows in groups:
        cell = {labels[scored.gold[rows[0]]], labels[scored.scores.predicted[rows[0]]]}
        near = dict.fromkeys(place for row in rows.tolist() for place in near_of[row])
        candidates.append(background.candidates([pool[row] for row in rows], cell, [pool[place] for place in near]))
    named = sorted({one.word for found in candidates for one in found})
    place_of = {word: place for place, word in enumerate(named)}
    monitor.step("words", 0, len(named))
    vectors = embeddings(project, [Example(word, word, "") for word in named], scan=True, monitor=monitor)
    centre = _texts(_mean(around)[None], project)[0]
    return [
        telling(found, vectors[[place_of[one.word] for one in found]], _texts(around[rows], project), centre)
        for found, rows in zip(candidates, groups, strict=True)
    ]


def _mean(around: Floats) -> Floats:
    """(d,) the mean of embeddings (n, d)."""
    if len(around) <= ENOUGH:
        return np.asarray(around.mean(axis=0, dtype=np.float64))
    sums = [around[rows].sum(axis=0, dtype=np.float64) for _, rows in blocks(np.arange(len(around)))]
    return np.asarray(np.sum(sums, axis=0) / len(around))


def _texts(rows: Floats, project: Project) -> Floats:
    """Embeddings of rows (n, d) as a word can be compared with them: of a pair, the mean of its two texts'."""
    if not project.settings.task.pair:
        return rows
    width = rows.shape[1] // 3  # `engine.model.encoder.joined` puts both and their difference side by side
    return np.asarray((rows[:, :width] + rows[:, width : 2 * width]) / 2**0.5)


def _spots(
    ids: Sequence[str],
    scores: Scores,
    groups: Sequence[Ints],
    coherence: Sequence[float],
    words: Sequence[tuple[str, ...]],
    labels: Sequence[str],
) -> list[BlindSpot]:
    """Describe the groups, given their rows, how coherent each is and its words; ids come later."""
    return [
        BlindSpot(
            id="",
            gold=labels[scores.gold[rows[0]]],
            predicted=labels[scores.predicted[rows[0]]],
            rows=tuple(ids[row] for row in rows),
            mean_confidence=round(float(scores.confidence[rows].mean()), DIGITS),
            coherence=round(close, DIGITS),
            words=distinctive,
        )
        for rows, close, distinctive in zip(groups, coherence, words, strict=True)
    ]


def _prediction(example: Example, scores: Scores, row: int, labels: Sequence[str]) -> Prediction:
    return Prediction(
        id=example.id,
        text=example.text,
        text_pair=example.text_pair,
        label=example.label,
        predicted=labels[scores.predicted[row]],
        confidence=round(float(scores.confidence[row]), DIGITS),
        probabilities=tuple(round(float(value), DIGITS) for value in scores.probabilities[row]),
    )
