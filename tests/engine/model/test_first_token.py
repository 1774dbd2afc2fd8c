from __future__ import annotations

import gc
import weakref

import pytest
import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from engine.model.first_token import READS_FIRST_TOKEN, read_all_tokens, read_first_token

NAMES = {
    "Bert": "bert",
    "Camembert": "camembert",
    "Electra": "electra",
    "Roberta": "roberta",
    "XLMRoberta": "xlm-roberta",
}


def make(kind: str, **more: object) -> torch.nn.Module:
    torch.manual_seed(1)
    config = AutoConfig.for_model(
        kind,
        vocab_size=40,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=40,
        embedding_size=32,
        pad_token_id=0,
        num_labels=3,
        initializer_range=0.3,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        classifier_dropout=0.0,
        **more,
    )
    return AutoModelForSequenceClassification.from_config(config)  # type: ignore[no-any-return]


def batch() -> dict[str, torch.Tensor]:
    ids = torch.randint(3, 40, (4, 9), generator=torch.Generator().manual_seed(2))
    mask = torch.ones_like(ids)
    mask[1, 5:], mask[2, 2:] = 0, 0
    return {"input_ids": ids * mask, "attention_mask": mask}


def test_every_class_in_the_list_is_tried_here() -> None:
    assert {f"{name}ForSequenceClassification" for name in NAMES} == READS_FIRST_TOKEN


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("name", NAMES)
def test_logits_and_gradients_are_those_of_the_whole_layer(name: str, attention: str) -> None:
    model = make(NAMES[name], attn_implementation=attention)
    assert type(model).__name__ == f"{name}ForSequenceClassification"

    def ask() -> tuple[torch.Tensor, list[torch.Tensor]]:
        model.zero_grad()
        logits = model(**batch()).logits
        logits.logsumexp(dim=1).sum().backward()
        return logits.detach(), [p.grad.clone() for p in model.parameters() if p.grad is not None]

    whole, whole_gradients = ask()
    read_first_token(model)
    last: list[tuple[int, ...]] = []
    handle = model.base_model.encoder.layer[-1].output.register_forward_hook(lambda *given: last.append(given[2].shape))
    first, first_gradients = ask()
    handle.remove()
    assert last == [(4, 1, 32)]  # one token of each row
    torch.testing.assert_close(first, whole, atol=1e-5, rtol=1e-4)
    assert len(first_gradients) == len(whole_gradients)
    for mine, theirs in zip(first_gradients, whole_gradients, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-3)
    read_all_tokens(model)
    assert torch.equal(ask()[0], whole)


def test_other_architectures_stay_as_they_are() -> None:
    model = make("distilbert", dim=32, hidden_dim=48, n_layers=2, n_heads=2).eval()
    whole = model(**batch()).logits
    read_first_token(model)
    assert torch.equal(model(**batch()).logits, whole)


def test_a_model_that_nobody_holds_is_freed_at_once() -> None:
    model = make("bert")
    read_first_token(model)
    model(**batch()).logits.sum().backward()
    layer = weakref.ref(model.base_model.encoder.layer[-1])
    gc.disable()  # which looks at many objects at a time, however large they are
    try:
        del model
        assert layer() is None
    finally:
        gc.enable()
