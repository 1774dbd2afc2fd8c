"""A sequence classifier whose outputs are mapped to the project's labels."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from engine.arrays import Floats
from engine.errors import ModelError
from engine.model.batched_inference import Forward, run_in_batches
from engine.model.batches import Tokens, collate, tokenise
from engine.model.bf16_rescoring import UncertainRows, margin_of
from engine.model.device import Compute
from engine.model.first_token import read_all_tokens, read_first_token
from engine.model.label_mapping import match_outputs, output_order
from engine.model.openvino_forward import TorchForward, take_over, usual_ids
from engine.model.size_limits import refuse_unfit
from engine.model.token_rows import MASK, Features, TokenRows
from engine.model.weights import is_classifier
from engine.progress import Monitor, Silent
from engine.schema import Example
from engine.settings import Precision

Array = NDArray[np.float32]
Pooling = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Classifier:
    """Weights, tokenizer and the order of the outputs, ready to score or to train.

    Attributes:
        model: the transformers model. tokenizer: its tokenizer.
        order: for each of the project's labels the index of the output that means it.
        fitted_biases: see `engine.model.text_classifier.Scorer`.
    """

    fitted_biases: Floats | None = None

    def __init__(self, model: Any, tokenizer: Any, *, order: Sequence[int], max_length: int, compute: Compute) -> None:
        self.model = model.to(compute.device)
        self.tokenizer = tokenizer
        self.order = list(order)
        self.compute = compute
        limits = [max_length, tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", max_length)]
        self.max_length = min(limit for limit in limits if limit)
        self._accepted = inspect.signature(model.forward).parameters
        self._compiled: Mapping[Precision, Forward] = {}
        self._give_padding()
        read_first_token(model)

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        labels: Sequence[str],
        max_length: int,
        compute: Compute,
        classifier_labels: Sequence[str] = (),
    ) -> Classifier:
        """Load a fine-tuned classifier.

        Args:
            path: folder of weights (see `engine.model.weights`).
            labels: the project's labels; logits come in this order.
            max_length: tokens per row; longer rows are cut.
            compute: where to compute.
            classifier_labels: names of the outputs in their order, if the checkpoint does not name them.

        Raises:
            ModelError: it has no classification head, its labels are others, or it cannot be loaded.
        """
        compute.prepare()
        model, report = _load(path)
        if report["missing_keys"]:
            raise ModelError(
                "the classification head is missing",
                where=str(path),
                hint="name a fine-tuned classifier, or give the folder as model.base",
            )
        if model.config.problem_type not in (None, "single_label_classification"):
            raise ModelError(
                f"its problem type is {model.config.problem_type}",
                where=str(path),
                hint="name a classifier that gives each row exactly one label",
            )
        order = output_order(model.config.id2label, labels, classifier_labels, where=str(path))
        model.config.use_cache = False  # of decoders: keys and values for a next token, which is not asked for
        made = cls(model.eval(), _tokenizer(path), order=order, max_length=max_length, compute=compute)
        made._compile()
        return made

    @classmethod
    def start(
        cls,
        path: Path,
        *,
        labels: Sequence[str],
        seed: int,
        max_length: int,
        compute: Compute,
        classifier_labels: Sequence[str] = (),
    ) -> Classifier:
        """Load weights to train: a head that answers the project's labels is kept, else one is drawn from ``seed``.

        Raises:
            ModelError: the weights cannot be loaded.
        """
        compute.prepare()
        torch.manual_seed(seed)
        order = None
        if is_classifier(path):
            model, _ = _load(path)
            order = match_outputs(model.config.id2label, labels, classifier_labels)
        if order is None:
            order = list(range(len(labels)))
            model, _ = _load(path, num_labels=len(labels), ignore_mismatched_sizes=True)
        model.config.id2label = dict(zip(order, labels, strict=True))
        model.config.label2id = {label: output for output, label in model.config.id2label.items()}
        model.config.problem_type = "single_label_classification"
        return cls(model.train(), _tokenizer(path), order=order, max_length=max_length, compute=compute)

    def with_weights(self, model: Any) -> Classifier:
        """The same classifier around other weights of the same make, computed by torch."""
        made = copy.copy(self)
        made.model, made._compiled, made.compute = model, {}, replace(self.compute, backend="torch")
        read_first_token(model)
        return made

    def save(self, folder: Path) -> None:
        """Write weights (safetensors), configuration and tokenizer."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)

    @property
    def runs_on(self) -> str:
        """Device, precision and threads."""
        return str(self.compute)

    def close(self) -> bool:
        """Nothing to let go of: its memory goes with it."""
        return True

    def tokens(self, examples: Sequence[Example]) -> list[Tokens]:
        """Tokenise, keeping what the model takes (some tokenizers give token types to models that have none)."""
        rows = tokenise(self.tokenizer, examples, self.max_length)
        return [{name: values for name, values in row.items() if name in self._accepted} for row in rows]

    def forward(self, rows: Sequence[Tokens]) -> torch.Tensor:
        """Logits of one batch, float32, (rows, labels) in the project's order."""
        bf16 = self.compute.precision == "bf16"
        with torch.autocast(self.compute.device, dtype=torch.bfloat16, enabled=bf16):
            logits = self.model(**collate(self.tokenizer, rows, self.compute.device)).logits
        return logits.float()[:, self.order]  # type: ignore[no-any-return]

    def token_rows(self, examples: Sequence[Example]) -> TokenRows:
        """What `tokens` gives, for scoring."""
        texts = [example.text for example in examples]
        pairs = [example.text_pair or "" for example in examples] if examples[0].text_pair is not None else None
        return TokenRows.of_texts(self.tokenizer, texts, pairs, self.max_length, self._accepted)

    def logits(self, examples: Sequence[Example], *, monitor: Monitor, stage: str = "score") -> Array:
        """Score rows in fp32: array (rows, labels) in the order of rows and of the project's labels.

        Raises:
            ModelError: the model gave a value that is not finite.
            Stopped: from the monitor.
        """
        result = np.empty((len(examples), len(self.order)), dtype=np.float32)
        for _ in self.score(examples, [result], monitor=monitor, stage=stage):
            pass
        return result

    def score(
        self,
        examples: Sequence[Example],
        outs: Sequence[Array],
        *,
        doubt: UncertainRows | None = None,
        pooled: Pooling | None = None,
        monitor: Monitor,
        stage: str = "score",
        start: int = 0,
    ) -> Iterator[int]:
        """Write logits, and yield how many rows are finished as their number grows.

        Args:
            examples: rows to score.
            outs: float32 arrays that may lie on disk: logits (rows, labels), and with ``pooled`` the embeddings.
            doubt: what the scores are for. Where bf16 is used, rows are scanned in bf16 and those in doubt scored again
                in fp32; None: all in fp32.
            pooled: makes embeddings of the last layer (rows, tokens, hidden size) and its mask, in the same pass.
            monitor: told of rows scored.
            stage: what this is called there.
            start: rows that are finished already, as yielded before.

        Raises:
            ModelError: the model gave a value that is not finite.
            Stopped: from the monitor.
        """
        scan = doubt is not None and self.compute.precision == "bf16"
        forward, first = self._forward("bf16" if scan else "fp32", pooled), start
        for done in self._sweep(forward, examples, outs, monitor=monitor, stage=stage, start=start):
            window, out = examples[first:done], outs[0][first:done]
            if scan and doubt is not None:
                self._settle(window, out, doubt, first)
            self._refuse_broken(window, out)
            first = done
            yield done

    def _forward(self, precision: Precision, pooled: Pooling | None = None) -> Forward:
        if self._compiled and not pooled:
            return self._compiled[precision]
        model = self.model
        if precision == "bf16" or pooled:
            model = copy.deepcopy(model).to(torch.bfloat16 if precision == "bf16" else torch.float32)
            if pooled:
                read_all_tokens(model)
        return partial(self._forward_of, model, pooled)

    def _forward_of(self, model: Any, pooled: Pooling | None, part: Features) -> list[torch.Tensor]:
        given = model(**part, output_hidden_states=pooled is not None)
        logits = given.logits[:, self.order]
        if not pooled:
            return [logits]
        mask = part[MASK] if MASK in part else torch.ones_like(part["input_ids"])
        return [logits, pooled(given.hidden_states[-1], mask)]

    def _compile(self) -> None:
        """Have OpenVINO compute forward passes, if it is to and can."""
        if self.compute.backend != "openvino":
            return
        taken = TorchForward(
            partial(self._forward_of, self.model, None),
            [self.model],
            self.token_rows([Example("", "a", "")]),
            usual_ids(self.tokenizer),
            self.max_length,
        )
        self._compiled, self.compute = take_over(taken, self.compute, precisions=("fp32", self.compute.precision))

    def _sweep(
        self,
        forward: Forward,
        examples: Sequence[Example],
        outs: Sequence[Array],
        *,
        monitor: Monitor,
        stage: str,
        start: int = 0,
    ) -> Iterator[int]:
        return run_in_batches(
            examples,
            outs,
            tokens=self.token_rows,
            forward=forward,
            compute=self.compute,
            monitor=monitor,
            stage=stage,
            start=start,
        )

    def _settle(self, examples: Sequence[Example], out: Array, doubt: UncertainRows, first: int) -> None:
        """Score in fp32 what the scan leaves in doubt, until its errors on those rows ask for no others."""
        scanned, exact = out.copy(), np.zeros(len(out), dtype=bool)
        margin = 0.0
        while True:
            margin = max(margin, margin_of(scanned[exact], out[exact]))
            rows = np.flatnonzero(doubt.rows(scanned, first=first, margin=margin) & ~exact)
            if not len(rows):
                return
            again = np.empty((len(rows), out.shape[1]), dtype=np.float32)
            asked = [examples[int(row)] for row in rows]
            for _ in self._sweep(self._forward("fp32"), asked, [again], monitor=Silent(), stage="score"):
                pass
            out[rows], exact[rows] = again, True

    @staticmethod
    def _refuse_broken(examples: Sequence[Example], out: Array) -> None:
        broken = np.flatnonzero(~np.isfinite(out).all(axis=1))
        if len(broken):
            first = examples[broken[0]].id
            raise ModelError(
                f"the model gives no finite score for {len(broken)} rows, the first is {first}",
                hint="use other weights",
            )

    def _give_padding(self) -> None:
        """Decoder-only models often have no padding token; their end token serves, as it is masked out."""
        if self.tokenizer.pad_token is None:
            if self.tokenizer.eos_token is None:
                where = self.tokenizer.name_or_path
                raise ModelError(
                    "the tokenizer has neither a padding nor an end token",
                    where=where,
                    hint="set pad_token in its tokenizer_config.json",
                )
            self.tokenizer.pad_token = self.tokenizer.eos_token
        if getattr(self.model.config, "pad_token_id", None) is None:
            self.model.config.pad_token_id = self.tokenizer.pad_token_id


def _load(path: Path, **options: Any) -> tuple[Any, dict[str, Any]]:
    refuse_unfit(path)
    try:
        return AutoModelForSequenceClassification.from_pretrained(  # type: ignore[no-any-return]
            path,
            dtype=torch.float32,
            output_loading_info=True,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            **options,
        )
    except Exception as error:  # a configuration may be anything, and the library trips over it in many ways
        raise _unloadable("weights", path, error) from error


def _tokenizer(path: Path) -> Any:
    try:
        return AutoTokenizer.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # as above
        raise _unloadable("tokenizer", path, error) from error


def _unloadable(what: str, path: Path, error: Exception) -> ModelError:
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
    return ModelError(
        f"the {what} cannot be loaded as a text classifier ({reason})",
        where=str(path),
        hint="name a classifier or encoder that transformers knows",
    )
