"""Freezing embeddings and lower layers, so that only the highest layers are trained.

Lee et al. 2019, "What Would Elsa Do? Freezing Layers During Transformer Fine-Tuning" (arXiv 1911.03090): the highest
quarter of the layers reaches nine tenths of the quality. Frozen layers run without dropout and need no backward pass.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from engine.errors import SettingsError
from engine.model.training_plan import ALL_BUT_HEAD


def layers_of(model: Any) -> int:
    """How many layers the body of a classifier has."""
    return len(_stack(model))


def freeze(model: Any, layers: int) -> None:
    """Keep a classifier's embeddings and its ``layers`` lowest layers as they are; 0 trains everything.

    Args:
        model: a transformers classifier.
        layers: how many; `ALL_BUT_HEAD` leaves what follows the layers, such as pooler and head.

    Raises:
        SettingsError: it has fewer layers.
    """
    if layers == 0:
        return
    stack = _stack(model)
    if layers > len(stack):
        raise SettingsError(
            f"{layers} layers are to be frozen, and the model has {len(stack)}",
            where="training.frozen_layers",
            hint=f"take {len(stack)} or fewer, or {ALL_BUT_HEAD} for all but the head",
        )
    count = len(stack) if layers == ALL_BUT_HEAD else layers
    kept = {id(weight) for layer in stack[:count] for weight in layer.parameters()}
    every = list(model.base_model.parameters())
    last = max(place for place, weight in enumerate(every) if id(weight) in kept)
    for weight in every[: last + 1]:  # embeddings are listed before the layers, pooler and last norm after them
        weight.requires_grad = False
    keep_still(model)


def keep_still(model: nn.Module) -> None:
    """Take dropout out of whatever is frozen; `train()` puts it back, so this follows it."""
    for module in model.modules():
        weights = list(module.parameters())
        if weights and not any(weight.requires_grad for weight in weights):
            module.eval()


def _stack(model: Any) -> nn.ModuleList:
    """The list of layers: the first that has as many parts as the configuration names layers."""
    count = model.config.num_hidden_layers
    for module in model.base_model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise SettingsError(
        f"the layers of a {type(model).__name__} are not found",
        where="training.frozen_layers",
        hint="set it to 0, or use another model",
    )
