"""Weights of float transforms in 8 bits: each convolution rounded so that its outputs change least.

Weights of float16 make a package twice as large as it need be. Rounding each one to the nearest multiple of a scale for
its output channel costs a few tenths of a per cent of rate; here the error of each input's weights is made good by the
weights of the inputs still to be rounded, in the measure in which inputs go together (GPTQ: Frantar et al. 2023,
arXiv:2210.17323, after Hassibi and Stork 1993). Layers are done in the order in which they run, each with the inputs
that the rounded layers before it give.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from latentpress.parts.integer import WEIGHT_LIMIT

__all__ = ["round_columns", "round_to_eight_bits"]

_DAMPING = 1e-3  # of the mean energy of the inputs: channels that are always zero would divide by nothing
_MANTISSA = 12  # bits of a scale: a multiple by a whole number of 8 bits is then exact in float32


def round_to_eight_bits(module: nn.Module, runs: Sequence[tuple[Tensor, ...]], keep: Collection[str] = ()) -> None:
    """Round the weights of every dense convolution of ``module`` in place: -127..127 times a scale of the output
    channel.

    ``runs``: inputs of the module that show what its layers see. ``keep``: names of parameters to leave as they are;
    depth-wise kernels are small and always stay. A layer that never runs stays too.
    """
    names = {parameter.untyped_storage().data_ptr(): name for name, parameter in module.named_parameters()}
    parameters = dict(module.named_parameters())
    seen = _Watch(None)
    with torch.no_grad():
        _run(module, runs[:1], seen)
        for storage in dict.fromkeys(seen.order):
            name = names.get(storage)
            if name is None or name in keep or parameters[name].shape[1] == 1:
                continue
            watch = _Watch(storage)
            _run(module, runs, watch)
            assert watch.energy is not None
            weight = parameters[name].data
            weight.copy_(_rounded(weight.flatten(1), watch.energy).view_as(weight))


class _Reached(Exception):
    """The layer that was asked for has run; what comes after it need not."""


class _Watch(TorchFunctionMode):
    """Notes the order of the weights that convolutions use, or sums up what one of them gets.

    order: addresses of weights. energy (inputs, inputs): sum over places of the products of inputs, float64.
    """

    def __init__(self, storage: int | None) -> None:
        super().__init__()
        self._storage = storage
        self.order: list[int] = []
        self.energy: Tensor | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is F.conv2d and isinstance(args[1], Tensor):
            x, weight = args[:2]
            storage = weight.untyped_storage().data_ptr()
            if self._storage is None:
                self.order.append(storage)
            elif storage == self._storage:
                size = weight.shape[2]
                x = F.pixel_unshuffle(x, size) if size > 1 else x  # patches that do not overlap
                flat = x.transpose(0, 1).flatten(1).double()
                self.energy = flat @ flat.T + (0 if self.energy is None else self.energy)
                raise _Reached
        return func(*args, **(kwargs or {}))


def _run(module: nn.Module, runs: Sequence[tuple[Tensor, ...]], watch: _Watch) -> None:
    for inputs in runs:
        try:
            with watch:
                module(*inputs)
        except _Reached:
            continue


def _rounded(weight: Tensor, energy: Tensor) -> Tensor:
    """The rows of ``weight`` (out, in) as multiples of a scale each, for inputs of that ``energy`` (in, in)."""
    scale = _short(weight.double().abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / WEIGHT_LIMIT)

    def nearest(column: Tensor, place: int) -> Tensor:
        return torch.round(column / scale).clamp(-WEIGHT_LIMIT, WEIGHT_LIMIT) * scale

    return round_columns(weight, energy, nearest)


def round_columns(weight: Tensor, energy: Tensor, nearest: Callable[[Tensor, int], Tensor]) -> Tensor:
    """``weight`` (out, in) with every column made by ``nearest`` from what it should be, (out, 1), and its place; what
    that is wrong by is made good by the columns after it, for inputs of that ``energy`` (in, in), mean or sum of
    products.
    """
    left = weight.double().clone()
    damping = _DAMPING * energy.diagonal().mean().clamp_min(1e-12)
    inverse = torch.linalg.inv(energy + damping * torch.eye(len(energy), dtype=torch.float64))
    upper = torch.linalg.cholesky(inverse, upper=True)
    done = torch.zeros_like(left)
    for column in range(left.shape[1]):
        here = slice(column, column + 1)
        done[:, here] = nearest(left[:, here], column)
        error = (left[:, here] - done[:, here]) / upper[column, column]
        left[:, column:] -= error @ upper[here, column:]
    return done.to(weight.dtype)


def _short(scale: Tensor) -> Tensor:
    """The scales with so few bits in the mantissa that multiples are exact; rounded up, so that all weights fit."""
    mantissa, exponent = torch.frexp(scale)
    return torch.ldexp(torch.ceil(mantissa * 2**_MANTISSA) / 2**_MANTISSA, exponent)
