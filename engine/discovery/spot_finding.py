"""From predictions on the pool to named blind spots; independent of the files' row order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from engine.arrays import Floats, Ints
from engine.counted import counted
from engine.discovery.calibration import UNKNOWN, Scores, histogram, score, taus_for
from engine.discovery.clusterers import CLUSTERERS
from engine.discovery.clusters import SCATTERED, closeness
from engine.discovery.error_excess import error_excess
from engine.discovery.flags import Flags, LlmLabels, flag
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
    pool, ids = scored.rows, scored.rows.ids
    uus, wrong = (np.flatnonzero(rows) for rows in (scored.scores.uus(settings.tau), scored.scores.wrong))
    if not len(uus) and len(wrong) and scans(project):  # a lower tau is looked for; a scan is exact about this one only
        scored = _exact(project, model, scored, wrong, split_key="wrong", monitor=monitor)
    flags = flag(ids, scored.scores, project.labels, llm_labels, settings.tau)
    embedded = _embedded(project, scored, uus, flags.rows, monitor)
    if (len(uus) or len(flags.rows)) and scans(project):  # confidence of rows that are shown has to be exact
        of_people = [row for row in uus if ids[row] in labels]
        beside = np.unique([*embedded.near.ravel(), *of_people, *flags.rows]).astype(np.intp)
        if len(beside):
            scored = _exact(project, model, scored, beside, split_key="near", monitor=monitor)
    scores, known = scored.scores, scored.gold != UNKNOWN
    # as many threads as cores were free: with the other core busy, two make t-SNE 5-10 times slower
    with threadpool_limits(choose_compute(project.settings.compute).threads):
        groups = _groups(scores, uus, embedded.uu_vectors, settings, monitor)
        monitor.step("map", 0, 1)
        drawn = lay_out(embedded.uu_vectors, seed=settings.seed)
        monitor.step("map", 1, 1)
    spots = _spots(project, scored, embedded, groups, flags, looked_wrong, monitor)
    matched = match_ids(spots, previous)
    at_temperature = None
    if scored.temperature is not None:
        at_temperature = int(score(scored.logits, scored.gold, temperature=scored.temperature).uus(settings.tau).sum())
        monitor.note(f"temperature fitted on dev: {scored.temperature:.2f}; with it {at_temperature} UUs")
    grouped = np.concatenate([uus[:0], *(uus[group] for group in groups)])
    loose = [ids[row] for row in np.setdiff1d(uus, grouped, assume_unique=True)]
    reading = reading_of(project, model)
    cut = reading.cut(pool, monitor=monitor) if reading else []
    if reading and cut:
        monitor.note(cut_sentence(len(cut), len(pool), "pool", reading.tokens))
    among = f"{len(pool)} rows" if known.all() else f"{known.sum()} of {len(pool)} rows that have a label"
    monitor.note(
        f"{counted(len(uus), 'UU')} among {among}: {counted(len(groups), 'blind spot')}, {len(loose)} scattered"
    )
    shown = sorted({*uus.tolist(), *embedded.near.ravel().tolist(), *flags.rows.tolist()})
    shortened = [pool[row] for row in sorted({*cut}.intersection(shown))]
    ends = dict(zip([row.id for row in shortened], reading.ends(shortened) if reading else (), strict=True))
    folder, rows = project.round_dir(number), _shown_rows(scored, embedded, shown, drawn, ends, project.labels)
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
        temperature=scored.temperature,
        temperature_applied=settings.apply_temperature,
        uus_at_temperature=at_temperature,
        blind_spots=matched.blind_spots,
        retired=matched.retired,
        next_id=matched.next_id,
        scattered=tuple(loose),
        suspects=tuple(ids[row] for row in embedded.suspects),
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


@dataclass(frozen=True)
class _Embedded:
    """Where the rows of the pool lie, and what follows from that alone; without UUs all of it is empty.

    Attributes:
        pool: (n, d) embeddings, those of a scan.
        uus: (u,) places of the UUs in the pool. uu_vectors: (u, d) their embeddings, exact.
        near: (u, k) for each the places of the nearest rows that the model gets right.
        suspects: places of the UUs whose gold label is suspect.
        flag_vectors: (f, d) embeddings of the flagged rows, exact.
    """

    pool: Floats
    uus: Ints
    uu_vectors: Floats
    near: Ints
    suspects: Ints
    flag_vectors: Floats


def _embedded(project: Project, scored: ScoredPool, uus: Ints, flagged: Ints, monitor: Monitor) -> _Embedded:
    if not len(uus):
        none = np.zeros((0, 1), dtype=np.float32)
        return _Embedded(none, uus, none, np.zeros((0, 0), dtype=np.intp), np.zeros(0, dtype=np.intp), none)
    rows, seed = scored.rows, project.settings.discovery.seed
    pool = embeddings(project, rows, scan=True, monitor=monitor)
    near = nearest(pool, uus, np.flatnonzero(scored.scores.right), NEIGHBOURS, seed=seed)
    monitor.step("labels", 0, 1)
    doubted = suspects(pool, scored.gold, uus, seed=seed)

    def exact(places: Ints) -> Floats:
        if not scans(project):
            return np.asarray(pool[places])
        return embeddings(project, [rows[row] for row in places], monitor=monitor)

    return _Embedded(pool, uus, exact(uus), near, doubted, exact(flagged))


def _exact(
    project: Project, model: ModelRef, scored: ScoredPool, rows: Ints, *, split_key: str, monitor: Monitor
) -> ScoredPool:
    """The same after a scan with exact scores of some rows, given by their places."""
    logits, asked = scored.logits.copy(), [scored.rows[row] for row in rows]
    logits[rows] = predictions(project, model, asked, split_key=split_key, monitor=monitor)
    return replace(scored, logits=logits, scores=score(logits, scored.gold, temperature=scored.applied))


def _shown_rows(
    scored: ScoredPool,
    embedded: _Embedded,
    shown: Sequence[int],
    drawn: Floats,
    ends: Mapping[str, tuple[int, ...]],
    labels: Sequence[str],
) -> Iterator[ShownRow]:
    """The rows that a discovery shows, given their places.

    ``drawn``: (u, 2) places of the UUs on the map. ``ends``: by row id how many characters the model reads of it.
    """
    ids, place_of = scored.rows.ids, {row: place for place, row in enumerate(embedded.uus.tolist())}
    for row in shown:
        prediction = _prediction(scored.rows[row], scored.scores, row, labels)
        read_to = ends.get(ids[row])
        if (place := place_of.get(row)) is None:
            yield ShownRow(prediction, read_to=read_to)
            continue
        x, y = drawn[place].tolist()
        beside = tuple(ids[one] for one in embedded.near[place])
        yield ShownRow(prediction, beside, (round(x, DIGITS), round(y, DIGITS)), read_to)


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
    project: Project, scored: ScoredPool, embedded: _Embedded, groups: Sequence[Ints], flagged: Ints, monitor: Monitor
) -> list[tuple[str, ...]]:
    """The words of each group of UUs; ``flagged``: places of the flagged rows."""
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
    for group in groups:
        rows = embedded.uus[group]
        cell = {labels[scored.gold[rows[0]]], labels[scored.scores.predicted[rows[0]]]}
        near = dict.fromkeys(embedded.near[group].ravel().tolist())
        candidates.append(background.candidates([pool[row] for row in rows], cell, [pool[place] for place in near]))
    named = sorted({one.word for found in candidates for one in found})
    place_of = {word: place for place, word in enumerate(named)}
    monitor.step("words", 0, len(named))
    vectors = embeddings(project, [Example(word, word, "") for word in named], scan=True, monitor=monitor)
    centre = _texts(_mean(embedded.pool)[None], project)[0]
    return [
        telling(
            found,
            vectors[[place_of[one.word] for one in found]],
            _texts(embedded.pool[embedded.uus[group]], project),
            centre,
        )
        for found, group in zip(candidates, groups, strict=True)
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
    project: Project,
    scored: ScoredPool,
    embedded: _Embedded,
    groups: Sequence[Ints],
    flags: Flags,
    looked_wrong: Collection[str],
    monitor: Monitor,
) -> list[BlindSpot]:
    """Describe the groups, given the places of their rows among the UUs; ids come later."""
    ids, scores, labels, tau = scored.rows.ids, scored.scores, project.labels, project.settings.discovery.tau
    words = _words(project, scored, embedded, groups, flags.rows, monitor)
    rows_of, vectors = [embedded.uus[group] for group in groups], [embedded.uu_vectors[group] for group in groups]
    flagged = flags.by_group(scores, rows_of, vectors, embedded.flag_vectors)
    chosen = np.fromiter((row in looked_wrong for row in ids), dtype=np.bool_, count=len(ids)) & ~scored.came_labelled
    fair = np.flatnonzero((scored.gold != UNKNOWN) & (scores.confidence >= tau) & ~chosen)
    excess = error_excess(rows_of, embedded.pool, fair, scores.wrong, scores.confidence)
    return [
        BlindSpot(
            id="",
            gold=labels[scores.gold[rows[0]]],
            predicted=labels[scores.predicted[rows[0]]],
            rows=tuple(ids[row] for row in rows),
            mean_confidence=round(float(scores.confidence[rows].mean()), DIGITS),
            coherence=round(float(closeness(own).mean()), DIGITS),
            words=distinctive,
            flagged=tuple(ids[row] for row in near),
            estimate=flags.estimate(len(rows), len(near)),
            excess=beyond,
        )
        for rows, own, distinctive, near, beyond in zip(rows_of, vectors, words, flagged, excess, strict=True)
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
