from __future__ import annotations

import pytest
import torch
from torch import nn
from transformers import BertForSequenceClassification

from engine.model.thrift import BitDropout, cheapen_dropout, narrow, widen

from .conftest import config

USED = [3, 5, 7]


def model() -> BertForSequenceClassification:
    torch.manual_seed(4)
    return BertForSequenceClassification(config(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0))


def train(given: BertForSequenceClassification) -> torch.Tensor:
    """Three steps on rows of some words, not all of them in every step; returns the whole table."""
    optimizer = torch.optim.AdamW(given.parameters(), lr=0.1, weight_decay=0.0)
    for words in ([3, 5], [7, 3], [3, 3]):
        given(torch.tensor([words])).logits.square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    widen(given)
    return given.get_input_embeddings().weight.detach()


def test_words_that_occur_learn_as_in_the_whole_table_and_others_stay() -> None:
    before = model().get_input_embeddings().weight.detach().clone()
    whole, some = model(), model()
    narrow(some, USED)
    assert sum(weight.numel() for weight in some.parameters()) < sum(weight.numel() for weight in whole.parameters())
    expected, found = train(whole), train(some)
    torch.testing.assert_close(found[USED], expected[USED])
    rest = [word for word in range(len(before)) if word not in USED]
    assert torch.equal(found[rest], before[rest])
    assert not torch.allclose(found[USED], before[USED])
    assert some.state_dict().keys() == whole.state_dict().keys()


def test_a_table_that_is_shared_stays_whole() -> None:
    given = model()
    given.second = nn.Linear(32, 23, bias=False)
    given.second.weight = given.get_input_embeddings().weight
    narrow(given, USED)
    assert type(given.get_input_embeddings()) is nn.Embedding
    assert given.get_input_embeddings().num_embeddings == 23


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_dropout_drops_its_share_and_keeps_the_mean(rate: float) -> None:
    layer = nn.Sequential(nn.Dropout(rate))
    cheapen_dropout(layer)
    assert type(layer[0]) is BitDropout
    values = torch.ones(300, 401)
    torch.manual_seed(1)
    dropped = layer(values)
    count = values.numel()
    assert (dropped == 0).float().mean().item() == pytest.approx(rate, abs=5 * (rate * (1 - rate) / count) ** 0.5)
    assert dropped[dropped != 0].unique().tolist() == pytest.approx([1 / (1 - rate)], rel=1e-4)
    torch.manual_seed(1)
    assert torch.equal(layer(values), dropped)
    assert torch.equal(layer.eval()(values), values)
