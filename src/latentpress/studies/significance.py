"""What a network may know of a wavelet coefficient before its significance is coded, and the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentpress.codecs.adapting import AdaptiveBits
from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d, hidden_layer
from latentpress.systems.spiht.trees import Trees

__all__ = ["FEATURES", "Listening", "Seeing", "Significance"]

_LIMIT, _BITS = 32, 2  # logits from -8 to 8 in quarters
_MOST = 7  # of a magnitude, in units of the plane
_ONE = 1 << FEATURE_BITS
_NEAR = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)] + [(-2, 0), (2, 0), (0, -2), (0, 2)]
_SIDES = [(-1, 0), (1, 0), (0, -1), (0, 1)]
_BANDS, _TOP, _REACH = 6, 14, 2

FEATURES = len(_NEAR) + len(_SIDES) + 5 + 3 + 2 * _BANDS + 2

Mask = NDArray[np.bool_]


class Significance(nn.Module):
    """Features (1, `FEATURES`, n, 1) of coefficients to logits (1, 1, n, 1), on the integer path."""

    def __init__(self, hidden: int = 32) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            hidden_layer(FEATURES, hidden),
            hidden_layer(hidden, hidden),
            IntegerConv2d(
                hidden, 1, in_bits=FEATURE_BITS, in_high=255, out_bits=_BITS, out_low=-_LIMIT, out_high=_LIMIT - 1,
                zero=True,
            ),
        )  # fmt: skip

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.layers(features)
        return logits


class Listening(Trees):
    """Trees that keep what a network would know of coefficients, (n, `FEATURES`), and whether each was significant."""

    def __init__(self, shapes: list[tuple[int, ...]], top: int, wanted: Sequence[NDArray[Any]]) -> None:
        super().__init__(shapes, top)
        self._wanted = wanted
        self.heard: list[tuple[NDArray[np.uint8], Mask]] = []

    def contexts(self, number: int, plane: int, mask: Mask, new: int) -> NDArray[Any]:
        """See `Trees.contexts`."""
        hit = np.abs(self._wanted[number][mask]) >> plane & 1 > 0
        self.heard.append((_features(self, number, plane, mask, new), hit))
        return super().contexts(number, plane, mask, new)


class Seeing(Trees):
    """Trees whose single coefficients are coded in the contexts that a network tells apart."""

    def __init__(self, shapes: list[tuple[int, ...]], top: int, net: Significance) -> None:
        super().__init__(shapes, top)
        self._net = net

    def chances(self) -> AdaptiveBits:
        """One for each logit."""
        return AdaptiveBits("significance", 2 * _LIMIT)

    @torch.no_grad()
    def contexts(self, number: int, plane: int, mask: Mask, new: int) -> NDArray[Any]:
        """See `Trees.contexts`."""
        seen = torch.from_numpy(_features(self, number, plane, mask, new)).float() / _ONE
        logits = self._net(seen.T[None, :, :, None])[0, 0, :, 0]
        found: NDArray[Any] = (logits * 2**_BITS + _LIMIT).long().numpy()
        return found


def _features(trees: Trees, number: int, plane: int, mask: Mask, new: int) -> NDArray[np.uint8]:
    """(n, `FEATURES`) in 1/32: magnitudes in units of the plane of those near, of the parent, of the other directions
    and of luma at the same place; which neighbours were tried in this plane; band, colour and plane.
    """
    channel, row, column = np.nonzero(mask)
    sizes = np.minimum(trees.known[number] >> plane, _MOST)
    padded = np.pad(sizes, ((0, 0), (_REACH, _REACH), (_REACH, _REACH)))
    tried = np.pad(trees.unknown[number] == plane, ((0, 0), (1, 1), (1, 1)))
    columns: list[Any] = [padded[channel, _REACH + row + y, _REACH + column + x] for y, x in _NEAR]
    columns += [tried[channel, 1 + row + y, 1 + column + x] for y, x in _SIDES]
    nothing = np.zeros(len(channel), np.int32)
    parent, others, luma = nothing, [nothing] * 2, nothing
    colours = len(mask) // 3
    if number:
        above = trees.known[number - 1]
        at = (channel // 3, row, column) if number == 1 else (channel, row // 2, column // 2)
        parent = np.minimum(above[at] >> plane, _MOST)
        others = [sizes[channel - channel % 3 + (channel + turn) % 3, row, column] for turn in (1, 2)]
    luma = np.where(channel >= colours, sizes[channel % colours, row, column], 0)
    columns += [parent, *others, luma, np.maximum(parent, luma)]
    columns += [channel % 3 == direction if number else nothing for direction in range(3)]
    place = number + _BANDS * (channel >= colours)
    columns += [place == one for one in range(2 * _BANDS)]
    columns += [nothing + new, nothing + _MOST * plane / _TOP]
    found: NDArray[np.uint8] = (_ONE * np.stack(columns, axis=1)).astype(np.uint8)
    return found
