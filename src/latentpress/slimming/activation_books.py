"""What layers see on the levels of codebooks: 8 bits each, not evenly spaced.

Each layer has several codebooks of different ranges, and each channel, its mean taken off, the one that fits it; where
the levels end is fine-tuned (Sun et al. 2021: non-linear codebooks of activations behind a multiplexer, and removal of
means). Evenly spaced levels between the extremes of a layer spend most of them on values that hardly occur.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from latentpress.engine import TorchNetwork
from latentpress.slimming.codebooks import k_means
from latentpress.slimming.recording import Call
from latentpress.slimming.tuning import excess
from latentpress.training.data import step_generator

__all__ = ["BEYOND", "Books", "books_for", "on_books", "tune_clips"]

_PLACES = 1000  # of a layer's input that are looked at in a call
_VALUES = 40000  # that a codebook is made of
BEYOND = (1.2, 1.5, 2.0)
"""Times the largest value seen: where the last levels are, since larger ones will come."""


class Books(nn.Module):
    """The codebooks of a layer: rounds its input (B, C, H, W). seen (C, n): values of each channel; books: how many."""

    means: Tensor
    choice: Tensor
    levels: Tensor

    def __init__(self, seen: NDArray[np.float32], bits: int, books: int, rng: np.random.Generator) -> None:
        super().__init__()
        means = seen.mean(1)
        centred = seen - means[:, None]
        sizes = np.log2(np.abs(centred).max(1) + 1e-9).astype(np.float32)
        ranges = k_means(sizes, books)
        _, choice = np.unique(np.abs(sizes[:, None] - ranges).argmin(1), return_inverse=True)
        levels = []
        for number in range(choice.max() + 1):
            values = centred[choice == number].ravel()
            ends = np.outer(BEYOND, (values.min(), values.max())).ravel()
            values = rng.choice(values, min(_VALUES, len(values)), replace=False)
            found = np.sort(np.append(_dense(values, 2**bits - len(ends)), ends)).astype(np.float32)
            levels.append(np.pad(found, (0, 2**bits - len(found)), mode="edge"))
        for name, array in (("means", means), ("choice", choice), ("levels", np.stack(levels))):
            self.register_buffer(name, torch.from_numpy(np.asarray(array)))
        self.log_clip = nn.Parameter(torch.zeros(len(levels)))

    def forward(self, x: Tensor) -> Tensor:
        """Rounded. Gradients pass by the rounding, and reach the clip through values beyond the last level too."""
        scale, means = torch.exp(self.log_clip)[self.choice][:, None, None], self.means[:, None, None]
        unit = (x - means) / scale
        rounded = torch.empty_like(unit)
        for number, levels in enumerate(self.levels):
            own = self.choice == number
            middles = (levels[1:] + levels[:-1]) / 2
            rounded[:, own] = levels[torch.bucketize(unit[:, own].detach(), middles)]
        ends = self.levels[self.choice][:, [0, -1], None, None]
        held = torch.minimum(torch.maximum(unit, ends[:, 0]), ends[:, 1])
        return (held + (rounded - held).detach()) * scale + means


def _dense(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Levels of k-means that begins where many levels would end: as dense as the third root of the values (Panter and
    Dite 1951).
    """
    ordered = np.sort(values.astype(np.float64))
    apart = max(1, len(ordered) // (4 * count))
    gaps = ordered[apart:] - ordered[:-apart] + 1e-9
    places = np.cumsum(gaps ** (2 / 3))
    wanted = (np.arange(count) + 0.5) / count * places[-1]
    return k_means(values, count, np.interp(wanted, places, ordered[apart // 2 :][: len(places)]))


@contextmanager
def on_books(network: TorchNetwork, books: Mapping[str, nn.Module]) -> Iterator[None]:
    """Within it, convolutions of the network see their input through a module, by the name of their weight."""
    with _Before({network.constants[name].untyped_storage().data_ptr(): one for name, one in books.items()}):
        yield


class _Before(TorchFunctionMode):
    def __init__(self, modules: Mapping[int, nn.Module]) -> None:
        super().__init__()
        self._modules = modules

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is F.conv2d and (module := self._modules.get(args[1].untyped_storage().data_ptr())):
            args = (module(args[0]), *args[1:])
        return func(*args, **(kwargs or {}))


class _Noting(nn.Module):
    """Keeps some of the values that it lets by, and the extremes."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__()
        self._rng, self.kept = rng, list[NDArray[np.float32]]()

    def forward(self, x: Tensor) -> Tensor:
        flat = x.transpose(0, 1).flatten(1)
        some = flat[:, torch.from_numpy(self._rng.integers(flat.shape[1], size=_PLACES))]
        self.kept.append(torch.cat([some, flat.amin(1, keepdim=True), flat.amax(1, keepdim=True)], 1).numpy())
        return x


@torch.no_grad()
def books_for(
    network: TorchNetwork, weights: Sequence[str], calls: Sequence[Call], bits: int, books: int, seed: int
) -> dict[str, Books]:
    """Codebooks of the layers with these weights, each of 2 ** ``bits`` levels, for what they see in the calls."""
    rng = np.random.default_rng(seed)
    notes = {name: _Noting(rng) for name in weights}
    with on_books(network, notes):
        for call in calls:
            network.on_tensors(**_tensors(call.inputs))
    return {name: Books(np.concatenate(note.kept, 1), bits, books, rng) for name, note in notes.items()}


def tune_clips(
    network: TorchNetwork, books: Mapping[str, Books], calls: Sequence[Call], steps: int, rate: float, seed: int
) -> None:
    """Let the ranges of the codebooks learn, so that the outputs stay those of the calls. rate: of log ranges, by Adam,
    which falls to zero along a cosine.
    """
    optimiser = torch.optim.Adam([one.log_clip for one in books.values()], lr=rate)
    for step in range(steps):
        call = calls[int(step_generator(seed, step).integers(len(calls)))]
        with on_books(network, books):
            made = network.on_tensors(**_tensors(call.inputs))
        loss = excess(made, _tensors(call.outputs), torch.tensor([call.noise])).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.param_groups[0]["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimiser.step()


def _tensors(arrays: Mapping[str, NDArray[np.float16]]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array).float() for name, array in arrays.items()}
