"""Embedded coding: coefficients that become finer layer by layer, each layer a value of -1, 0 or 1 times its step.

A value is a pair of bits, significance and, where it is significant, sign. Each bit has a static chance by its context,
which is made of whole numbers that both sides know: earlier layers everywhere, and of this layer what has been coded.
Channels go in order, in groups that widen like octaves; in a group first the places where row + column is even, then
the others, which so see all four neighbours of their own channel.

Contexts after Taubman 2000 (EBCOT) and Said and Pearlman 1996 (SPIHT): what is near in space, what is near in
frequency, and whether the coefficient itself is significant yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.ports import Port
from latentpress.entropy import TOTAL

__all__ = ["EmbeddedTables", "around", "code_layer", "plane_steps", "tables_of"]

Whole = NDArray[np.int32]

_FIRST, _WHOLE = 2048, 3  # the largest step, and how many planes are a layer each
_WIDEST = 32  # channels of a group
_NEAR = np.array([1, 2, 3, 5, 8, 12], np.int32)  # edges of classes: sizes of the four neighbours
_BROAD = np.array([1, 2, 4, 10, 19, 32, 51, 77, 115, 166], np.int32)  # 64ths of the mean size around in frequency
_SIGNS = np.array([-2, 0, 1, 3], np.int32)  # the signed sizes of the four neighbours
_OWN = 3  # zero so far, the size of one or two steps, larger; for signs: negative, zero, positive
_SIZES = (_NEAR.size + 1) * (_BROAD.size + 1) * _OWN
_SIGN_SIZES = (_SIGNS.size + 1) * _OWN
_RAREST = 24  # of 65536: what pictures never seen may cost


@dataclass(frozen=True)
class EmbeddedTables:
    """steps (layers, channels): of each layer's values, 0 where it has none; the largest of a layer divides all larger
    ones. significance, sign: chances of 65536, flat over layer, group and context.
    """

    steps: Whole
    significance: NDArray[np.uint32]
    sign: NDArray[np.uint32]

    @classmethod
    def read(cls, tables: Mapping[str, NDArray[Any]]) -> Self:
        """Those of a package. Raises KeyError or ValueError for what does not fit."""
        steps = np.asarray(tables["steps"], np.int32)
        found = cls(steps, *(np.asarray(tables[name], np.uint32) for name in ("significance", "sign")))
        pairs = len(steps) * len(groups(steps.shape[1]))
        for chances, size in ((found.significance, _SIZES), (found.sign, _SIGN_SIZES)):
            if chances.shape != (pairs * size,) or not 1 <= chances.min() <= chances.max() < TOTAL:
                raise ValueError("chances of the layers have the wrong shape, or are none")
        if not (steps.max(axis=1) > 0).all():
            raise ValueError("a layer has no step")
        return found


def plane_steps(layers: int, deviations: NDArray[Any], halves: bool = False) -> Whole:
    """Steps of a file's layers (layers, channels) for channels, at least 2, of these falling standard deviations.
    Halved from bit plane to bit plane. The first planes, with little but the mean in them, are a layer each. After them
    a plane is two layers: first the channels that are mostly below the step, whose few codes mend the most, then the
    others. halves: the first plane is two layers, of the places where row + column is even, and of the others.
    """
    if halves and layers > 1:
        rest = plane_steps(layers - 1, deviations)
        return np.concatenate([rest[:1], rest])
    rows = []
    for layer in range(layers):
        step = _FIRST >> (layer if layer < _WHOLE else (layer + _WHOLE) // 2)
        strong = deviations > step
        strong[0], strong[-1] = True, False  # no layer is empty
        active = np.ones_like(strong) if layer < _WHOLE else strong if (layer - _WHOLE) % 2 else ~strong
        rows.append(active * step)
    return np.array(rows, np.int32)


def groups(channels: int) -> list[slice]:
    """Channels that are coded together: 1, 1, 2, 4 and so on, at most 32."""
    found = [slice(0, 1)]
    while found[-1].stop < channels:
        start = found[-1].stop
        found.append(slice(start, min(start + min(start, _WIDEST), channels)))
    return found


def tables_of(steps: Whole, counts: Mapping[str, NDArray[np.int64]] | None = None) -> dict[str, NDArray[Any]]:
    """Tables of a package, from what a `Counting` port counted: chances of what was seen, drawn towards those of all
    contexts of the same layer and group. Without counts every bit costs one.
    """
    pairs = len(steps) * len(groups(steps.shape[1]))
    made: dict[str, NDArray[Any]] = {"steps": steps}
    for name, size in (("significance", _SIZES), ("sign", _SIGN_SIZES)):
        zeros, ones = np.zeros((2, pairs, size)) if counts is None else counts[name].reshape(2, pairs, size)
        total = zeros + ones
        usual = (ones.sum(axis=1, keepdims=True) + 1) / (total.sum(axis=1, keepdims=True) + 2)
        chance = np.rint(TOTAL * (ones + 2 * usual) / (total + 2))
        made[name] = np.clip(chance, _RAREST, TOTAL - _RAREST).astype(np.uint16).ravel()
    return made


def code_layer(
    port: Port,
    tables: EmbeddedTables,
    before: NDArray[Any],
    wanted: NDArray[Any] | None,
    phases: tuple[int, ...] = (0, 1),
    places: NDArray[np.bool_] | None = None,
) -> Whole:
    """Code the values (channels, h, w) of the layer after those of ``before`` (layers so far, channels, h, w). phases:
    0 and 1, where it has values: at places with row + column even and odd. places (h, w): which of these have values at
    all; None for all of them.
    """
    layer, (channels, height, width) = len(before), before.shape[1:]
    steps = tables.steps[layer]
    known: Whole = np.einsum("lc,lchw->chw", tables.steps[:layer], before.astype(np.int32)) // steps.max()
    values: Whole = np.zeros_like(known)
    sizes = np.minimum(np.abs(known), 4)
    seen, signed = sizes.copy(), np.clip(known, -2, 2)
    odd = (np.arange(height)[:, None] + np.arange(width)) % 2
    every = groups(channels)
    for number, part in enumerate(every):
        broad = 96 * sizes[part].sum(axis=0) // (part.stop - part.start)
        if number:
            lower = every[max(0, number - 2)].start
            mean = 64 * seen[lower : part.start].sum(axis=0) // (part.start - lower)
            broad += mean + around(mean) // 8
        place = (layer * len(every) + number) * (_BROAD.size + 1) + np.searchsorted(_BROAD, broad, side="right")
        own = np.minimum((sizes[part] + 1) // 2, 2)
        for phase in phases:
            where = (steps[part, None, None] > 0) & (odd == phase)
            where = where if places is None else where & places
            if not where.any():
                continue
            near = np.searchsorted(_NEAR, around(seen[part]), side="right")
            index = ((place * (_NEAR.size + 1) + near) * _OWN + own)[where]
            given = None if wanted is None else wanted[part][where]
            there = port.bits(None if given is None else given != 0, index, tables.significance, "significance") != 0
            lean = np.searchsorted(_SIGNS, around(signed[part]), side="right") * _OWN + np.sign(known[part]) + 1
            index = (layer * len(every) + number) * _SIGN_SIZES + lean[where][there]
            signs = port.bits(None if given is None else given[there] > 0, index, tables.sign, "sign")
            coded = np.zeros(there.size, np.int32)
            coded[there] = 2 * signs - 1
            values[part][where] = coded
            seen[part] = np.minimum(sizes[part] + 2 * np.abs(values[part]), 6)
            signed[part] = np.clip(known[part] + values[part], -2, 2)
    return values


def around(x: NDArray[Any]) -> NDArray[Any]:
    """Sums of the four neighbours of each place; there is nothing beyond the edges."""
    total = np.zeros_like(x)
    total[..., 1:, :] += x[..., :-1, :]
    total[..., :-1, :] += x[..., 1:, :]
    total[..., :, 1:] += x[..., :, :-1]
    total[..., :, :-1] += x[..., :, 1:]
    return total
