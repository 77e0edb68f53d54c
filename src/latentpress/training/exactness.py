"""Proof, from the weights alone, that exact networks compute exactly in float32."""

from __future__ import annotations

from torch import nn

from latentpress.errors import InvalidInputError
from latentpress.parts.integer import LIMIT

__all__ = ["prove_exact"]


def prove_exact(net: nn.Module) -> dict[str, int]:
    """Largest magnitude that any partial sum can reach in each integer layer and table, in whole numbers, by name. Each
    says it itself (``largest_sum``), from its weights and the largest input that it was made for.

    Raises InvalidInputError, naming the layer, when one reaches 2^24, or when any weight of the network is not finite:
    such a model must not be shipped.
    """
    for name, parameter in net.named_parameters():
        if not parameter.isfinite().all():
            raise InvalidInputError(f"{name} is not finite: the training run has diverged")
    bounds = {name: layer.largest_sum() for name, layer in net.named_modules() if hasattr(layer, "largest_sum")}
    for name, bound in bounds.items():
        if bound >= LIMIT:
            raise InvalidInputError(
                f"{name} is not exact: sums can reach {bound}, the limit is {LIMIT}; its weights are too big"
            )
    return bounds
