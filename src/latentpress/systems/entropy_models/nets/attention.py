"""Attention over segments of channels, in whole numbers: `walks.attention`."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.mean_scale.layout import MEAN_BITS
from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d, freeze, hidden_layer
from latentpress.parts.quantise import clamp_ste, round_half_up, straight_through
from latentpress.systems.entropy_models.layout import COMPANDED, COMPANDED_BITS, LIMIT, neighbours_2d
from latentpress.systems.entropy_models.masks import SEGMENTS, Offsets, tokens
from latentpress.systems.entropy_models.nets.base import Heads, Predicted, Sizes, companded
from latentpress.systems.entropy_models.nets.hyper import HyperNet
from latentpress.training.system import Graph

__all__ = ["Attention", "AttentionNet"]

_HEADS, _EACH = 4, 8  # heads, and numbers of each
_WIDTH = _HEADS * _EACH
_WEIGHT_BITS, _MOST_WEIGHT = 4, 31  # of attention
_SIGNED = 127  # largest magnitude of queries, keys and values


class Attention(nn.Module):
    """Multi-head attention with rectified scores in place of a softmax (Wortsman et al. 2023, arXiv 2309.08586): no
    exponential and no division, so all of it is sums of whole numbers. A token that is not there is zero, and adds
    nothing.

    features (1, F, n, 1), of n places; keys, values (1, width * tokens, n, 1). Output: (1, width, n, 1).
    """

    def __init__(self, features: int, count: int) -> None:
        super().__init__()
        self.query = IntegerConv2d(
            features, _WIDTH, in_bits=FEATURE_BITS, in_high=255, out_bits=FEATURE_BITS,
            out_low=-_SIGNED, out_high=_SIGNED,
        )  # fmt: skip
        self.bias = nn.Parameter(torch.full((_HEADS, count, 1), 0.25))  # how much a place matters, whatever is there
        self.count = count
        self.integer = self.fixed = False

    def frozen(self) -> nn.Module:
        """The same with its weights fixed, for a stored graph."""
        other = copy.deepcopy(self)
        freeze(other)
        other.bias.data, other.fixed = self._whole(self.bias, _WEIGHT_BITS).detach(), True
        return other

    def largest_sum(self) -> int:
        """Of scores, in units of both grids, and of outputs, in units of weights and values."""
        bias = float(self.bias.detach().abs().max()) * 4.0**FEATURE_BITS + 4.0**FEATURE_BITS
        return int(max(_EACH * _SIGNED**2 + bias, self.count * _MOST_WEIGHT * _SIGNED))

    def forward(self, features: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        query, keys, values = (
            x.reshape(_HEADS, _EACH, -1, x.shape[2] * x.shape[3]) for x in (self.query(features), keys, values)
        )
        bias = self.bias if self.fixed else self._whole(self.bias, _WEIGHT_BITS)
        score = self._whole((query * keys).sum(dim=1) + bias, _WEIGHT_BITS)
        weight = score.clamp(0, _MOST_WEIGHT * 2.0**-_WEIGHT_BITS)[:, None]  # (heads, 1, tokens, n)
        seen = self._whole((weight * values).sum(dim=2), FEATURE_BITS)
        high = 255 * 2.0**-FEATURE_BITS
        return clamp_ste(seen.reshape(1, _WIDTH, features.shape[2], features.shape[3]), -high, high)

    def _whole(self, x: Tensor, bits: int) -> Tensor:
        return straight_through(x, round_half_up(x * 2.0**bits) * 2.0**-bits) if self.integer else x


class _Segment(nn.Module):
    """What attention, hyper latents and the neighbours of the same channels say of a segment."""

    def __init__(self, sizes: Sizes, count: int) -> None:
        super().__init__()
        each, f = sizes.latents // SEGMENTS, sizes.features
        self.attention = Attention(f, count)
        self.trunk = hidden_layer(f + _WIDTH, f)
        self.heads = Heads(f, each, 1)
        limit = LIMIT << MEAN_BITS
        self.predict = IntegerConv2d(
            each * len(neighbours_2d(sizes.reach)), each, groups=each, in_bits=0, in_high=LIMIT, out_bits=MEAN_BITS,
            out_low=-limit, out_high=limit, max_exponent=8, zero=True,
        )  # fmt: skip

    def forward(self, features: Tensor, keys: Tensor, values: Tensor, around: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.attention(features, keys, values)
        mean, index = self.heads(self.trunk(torch.cat([features, seen], dim=1)))
        return mean + self.predict(around), index


class _Embed(nn.Module):
    """Companded latents of a segment (1, each, n, 1) to key and value of its token."""

    def __init__(self, each: int) -> None:
        super().__init__()
        self.enter = IntegerConv2d(
            each, 2 * _WIDTH, in_bits=COMPANDED_BITS, in_high=int(COMPANDED.max()), out_bits=FEATURE_BITS
        )
        signed: dict[str, Any] = {
            "in_bits": FEATURE_BITS, "in_high": 255, "out_bits": FEATURE_BITS, "out_low": -_SIGNED, "out_high": _SIGNED
        }  # fmt: skip
        self.key, self.value = (IntegerConv2d(2 * _WIDTH, _WIDTH, **signed) for _ in range(2))

    def forward(self, token: Tensor) -> tuple[Tensor, Tensor]:
        h = self.enter(token)
        return self.key(h), self.value(h)


class AttentionNet(HyperNet):
    """Hyper latents and attention."""

    sequential, width = True, _WIDTH

    def __init__(self, sizes: Sizes, initial: Tensor) -> None:
        super().__init__(sizes, initial)
        self.each = sizes.latents // SEGMENTS
        self.seen = [tokens(sizes.kind, segment, sizes.reach) for segment in range(SEGMENTS)]
        self.segments = nn.ModuleList(_Segment(sizes, len(seen)) for seen in self.seen)
        self.embeds = nn.ModuleList(_Embed(self.each) for _ in range(SEGMENTS))

    def predicted(self, symbols: Tensor, features: Tensor, mean: Tensor, index: Tensor) -> Predicted:
        """See `HyperNet.predicted`."""
        (batch, _, height, width), side = symbols.shape, 2 * self.sizes.reach + 1

        def windows(x: Tensor) -> Tensor:  # (channels, side^2, batch, places)
            found = F.unfold(x, side, padding=self.sizes.reach).reshape(*x.shape[:2], side**2, -1)
            return found.permute(1, 2, 0, 3)

        tokens_of = companded(symbols).chunk(SEGMENTS, dim=1)
        keys, values = zip(
            *((windows(part) for part in embed(x)) for embed, x in zip(self.embeds, tokens_of, strict=True)),
            strict=True,
        )
        flat, shifts = features.transpose(0, 1).reshape(1, features.shape[1], -1, 1), []
        for segment, seen, raw in zip(self.segments, self.seen, symbols.chunk(SEGMENTS, dim=1), strict=True):
            around = windows(raw)[:, : len(neighbours_2d(self.sizes.reach))].reshape(1, -1, flat.shape[2], 1)
            picked = (
                torch.cat([part[other].index_select(1, columns) for other, columns in self._columns(seen)], dim=1)
                for part in (keys, values)
            )
            shifts.append(segment(flat, *(part.reshape(1, -1, flat.shape[2], 1) for part in picked), around))
        mean_shift, index_shift = (
            torch.cat(parts, dim=1)[0, :, :, 0].reshape(-1, batch, height, width).transpose(0, 1)
            for parts in zip(*shifts, strict=True)
        )
        return Predicted((mean + mean_shift)[:, None], (index + index_shift)[:, None])

    def _columns(self, seen: Offsets) -> Iterator[tuple[int, Tensor]]:
        """Segments of tokens, one after the other, and the numbers of their places in a window."""
        side, reach = 2 * self.sizes.reach + 1, self.sizes.reach
        for other, places in itertools.groupby(seen, key=lambda place: place[0]):
            yield other, torch.tensor([(row + reach) * side + column + reach for _, row, column in places])

    def graphs(self) -> Mapping[str, Graph | bytes]:
        """See `EntropyNet.graphs`."""
        graphs = dict(super().graphs())
        places = self.each * len(neighbours_2d(self.sizes.reach))
        for number, (segment, seen) in enumerate(zip(self.segments, self.seen, strict=True)):
            token = torch.zeros(1, _WIDTH * len(seen), 8, 8)
            inputs = {"features": torch.zeros(1, self.sizes.features, 8, 8), "keys": token, "values": token}
            inputs["around"] = torch.zeros(1, places, 8, 8)
            graphs[f"segment_{number}"] = Graph(segment, inputs, ("mean", "index"))
            graphs[f"embed_{number}"] = Graph(
                self.embeds[number], {"token": torch.zeros(1, self.each, 8, 8)}, ("key", "value")
            )
        return graphs
