"""Attention over segments of channels that are decoded already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.orders import Waves
from latentpress.codecs.ports import Port
from latentpress.systems.entropy_models.layout import companded, neighbours_2d
from latentpress.systems.entropy_models.masks import SEGMENTS, passes_of, tokens
from latentpress.systems.entropy_models.walks.base import Ints, gathered, passes_over
from latentpress.systems.entropy_models.walks.hyper import HyperWalk

__all__ = ["AttentionWalk"]


class AttentionWalk(HyperWalk):
    """Segment after segment, spatially first or channels first (Koyuncu et al. 2022, arXiv 2203.02452), in waves. Keys
    and values of a token are computed once, when it is decoded.
    """

    networks = ("hyper_synthesis", *(f"{part}_{n}" for n in range(SEGMENTS) for part in ("segment", "embed")))

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `Walk.read`."""
        super().read(config, tables)
        self.kind, self.reach, self.width = config["kind"], int(config["reach"]), int(config["width"])

    def passes(self, height: int, width: int) -> int:
        """See `Walk.passes`."""
        return SEGMENTS * len(passes_over(Waves(self.reach + 1), 1, height, width))

    def code(self, port: Port, rate: int, shape: tuple[int, int], wanted: Ints | None) -> Ints:
        """See `Walk.code`."""
        each, reach, wide = self.latents // SEGMENTS, self.reach, shape[1] + 2 * self.reach
        size = (shape[0] + 2 * reach) * wide
        features, mean, index = (a.reshape(len(a), -1) for a in self.hyper(port, rate, shape, wanted))
        known = np.zeros((2 * self.width, SEGMENTS * size), np.float32)  # keys and values of all segments' tokens
        raw = np.zeros((SEGMENTS, each, size), np.float32)
        symbols = np.zeros((self.latents, shape[0] * shape[1]), np.int32)
        before = np.array([row * wide + column for row, column in neighbours_2d(reach)])[:, None]
        seen = [
            np.array([other * size + row * wide + column for other, row, column in tokens(self.kind, segment, reach)])
            for segment in range(SEGMENTS)
        ]
        waves = passes_over(Waves(reach + 1), 1, *shape)
        for segment, wave in passes_of(self.kind, len(waves)):
            places, channels = waves[wave], slice(segment * each, (segment + 1) * each)
            here = places + places // shape[1] * (2 * reach) + reach * wide + reach
            keys, values = gathered(known, here + seen[segment][:, None]).reshape(2, 1, -1, len(places), 1)
            around = gathered(raw[segment], here + before).reshape(1, -1, len(places), 1)
            shifts = self.run(
                f"segment_{segment}", features=features[None, :, places, None], keys=keys, values=values, around=around
            )
            told = (
                (one[channels, places] + shift[..., 0]).reshape(1, -1)
                for one, shift in zip((mean, index), shifts, strict=True)
            )
            coded = self.coder(
                port, None if wanted is None else wanted.reshape(len(symbols), -1)[channels, places].ravel(), *told
            )
            coded = coded.reshape(each, -1)
            symbols[channels, places], raw[segment][:, here] = coded, coded
            token = self.run(f"embed_{segment}", token=companded(coded)[None, ..., None])
            known[:, here + segment * size] = np.concatenate(token)[..., 0]
        return symbols.reshape(-1, *shape)
