"""What the layers of a network see, and how much what they do matters, over recorded calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import helper
from torch import Tensor
from torch.nn import functional as F

from latentpress.engine import TorchNetwork
from latentpress.slimming.recording import Call, batch_of
from latentpress.slimming.weights import StoredNetwork
from latentpress.training.data import step_generator

__all__ = ["DIRECTIONS", "drawn_calls", "energies", "slopes"]

Double = NDArray[np.float64]

_BATCH = 4  # calls that run together
_LOOKS = 12
DIRECTIONS = 24
"""Random directions of `slopes`."""

_LARGEST = 1600  # inputs of a layer: its matrix is inverted


def energies(network: StoredNetwork, weights: Sequence[str], calls: Sequence[Call], seed: int) -> dict[str, Double]:
    """For weights (out, in, k, k) of convolutions, by name: mean products (in k k, in k k) of what they multiply. Those
    of other layers and of very large ones are left out.
    """
    layers = {}
    for name in weights:
        (node, *others) = network.uses(name)
        small = network.values[name][0].size <= _LARGEST
        if node.op_type == "Conv" and not others and node.input[1] == name and small:
            layers[name] = node
    runner = TorchNetwork(network.plain(taps=sorted({node.input[0] for node in layers.values()})))
    totals: dict[str, Tensor] = {}
    with torch.no_grad():
        for look in range(_LOOKS):
            made = runner.on_tensors(**drawn_calls(calls, seed, look)[0])
            for name, node in layers.items():
                attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
                flat = _columns(made[node.input[0]], network.values[name].shape[2:], attributes)
                totals[name] = totals.get(name, torch.zeros(())) + flat @ flat.T / (flat.shape[1] * _LOOKS)
    return {name: total.numpy() for name, total in totals.items()}


def slopes(network: StoredNetwork, calls: Sequence[Call], seed: int) -> Iterator[dict[str, Double]]:
    """Slopes of the outputs along the weights, by name, each time in another random direction of the outputs, whose
    unit is the noise that they have anyway. The mean of their squares is the diagonal of the Gauss-Newton matrix: what
    a change of a weight would change of the outputs, to second order.
    """
    runner = TorchNetwork(network.plain())
    weights = {name: torch.from_numpy(one).requires_grad_(True) for name, one in network.values.items()}
    generator = torch.Generator().manual_seed(seed)
    for number in range(DIRECTIONS):
        inputs, outputs, noise = drawn_calls(calls, seed, number)
        made = runner.on_tensors(**weights, **inputs)
        probe = torch.zeros(())
        for name in outputs:
            one = made[name].flatten(1)
            direction = torch.randn(one.shape, generator=generator)
            probe = probe + (one * direction).sum(1).div((noise * one.shape[1]).sqrt()).sum()
        found = torch.autograd.grad(probe, list(weights.values()), allow_unused=True, materialize_grads=True)
        yield {name: one.double().numpy() for name, one in zip(weights, found, strict=True)}


def drawn_calls(calls: Sequence[Call], seed: int, number: int) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor]:
    """Some calls as a batch, drawn for the ``number``-th time."""
    return batch_of([calls[one] for one in step_generator(seed, number).integers(len(calls), size=_BATCH)])


def _columns(x: Tensor, kernel: Sequence[int], attributes: Mapping[str, Sequence[int]]) -> Tensor:
    """What a kernel multiplies (in k k, places), float64."""
    if kernel[0] > 1 or kernel[1] > 1:
        top, left, bottom, right = attributes.get("pads", (0, 0, 0, 0))
        x = F.unfold(
            F.pad(x, (left, right, top, bottom)), tuple(kernel), stride=tuple(attributes.get("strides", (1, 1)))
        )
    return x.transpose(0, 1).flatten(1).double()
