"""Fit of `VqCodec`: codebooks stage by stage, then tables by counting. Nothing learns by steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from latentpress.codecs.planes import to_planes
from latentpress.codecs.ports import Counting
from latentpress.entropy import quantise_pmf
from latentpress.systems.vq.codec import VqModel, vectors_of
from latentpress.systems.vq.layout import BANDS, DIMENSIONS, LEVELS, MOST_STAGES, SIDES, STEPS_PER_OCTAVE, WORDS
from latentpress.systems.vq.lbg import codebook, nearest
from latentpress.training.data import Pictures
from latentpress.training.schedule import setting
from latentpress.training.system import Arrays, Graph, Player, Samples, Training
from latentpress.transforms import ToYcc
from latentpress.transforms.lifting import CDF97, Pyramid

__all__ = ["Sizes", "VqTraining"]

_UNIT = 2**LEVELS
_LARGEST = 512  # pixels along the part of a picture that is learned from
_PRIOR = 30.0  # samples that a flat table is worth


@dataclass(frozen=True)
class Sizes:
    """vectors: that each codebook is fitted on, at most. least: grey levels, root of the mean square, from which on a
    vector is one that needs a word. octaves: of the rate.
    """

    vectors: int = setting(10_000, at_least=WORDS)
    least: float = setting(3.0, at_least=0)
    octaves: int = setting(7, at_least=1)


class VqTraining(Training):
    """Codebooks are buffers of the network, found before the first step."""

    model_type: ClassVar[type[Any]] = Sizes
    figures: ClassVar[tuple[str, ...]] = ()
    table_pictures: ClassVar[int] = 16

    def network(self, samples: Samples | None) -> nn.Module:
        """The words of all codebooks, in sixteenths of a grey level."""
        words = np.zeros(sum(MOST_STAGES * WORDS * size for size in DIMENSIONS))
        if samples is not None:
            stride = max(1, len(samples) // max(1, self.schedule.klt_pictures))
            words = np.concatenate([self._fitted(vectors) for vectors in self._vectors(samples[::stride])])
        net = nn.Module()
        net.register_buffer("words", torch.from_numpy(words).float())
        return net

    def players(self, net: nn.Module) -> Sequence[Player]:
        """Nobody: there is nothing left to learn."""
        return []

    def graphs(self, net: nn.Module) -> dict[str, Graph | bytes]:
        """None: the transform is a wavelet."""
        return {}

    def sizes(self, net: nn.Module) -> dict[str, Any]:
        """See `Training.sizes`."""
        rates = {"anchors": self.model.octaves + 1, "steps_per_anchor": STEPS_PER_OCTAVE}
        return {"latents": 3 * _UNIT**2, "margin": 4} | rates

    def tables(self, net: nn.Module, model: VqModel | None, sample: Pictures) -> Arrays:
        """See `Training.tables`."""
        counts = np.ones((BANDS * MOST_STAGES, WORDS + 2))
        if model is not None:
            port = Counting()
            for picture in sample:
                for rate in range(2 * STEPS_PER_OCTAVE, model.last_rate, 2 * STEPS_PER_OCTAVE):
                    model.code_picture(port, picture, rate)
            counts[:, :-1] = port.counts["words"] + _PRIOR / WORDS
        tables = np.concatenate([quantise_pmf(row) for row in counts])
        words = dict(net.named_buffers())["words"].numpy().round().astype(np.int16)
        return {"words": words, "counts": tables, "radius": np.full(len(counts), WORDS // 2, np.uint16)}

    def _vectors(self, pictures: Samples) -> list[NDArray[np.float32]]:
        """Of each band those that need a word."""
        found: list[list[NDArray[np.float32]]] = [[] for _ in range(BANDS)]
        for picture in pictures:
            planes = ToYcc().forward(to_planes(picture[:_LARGEST, :_LARGEST], _UNIT)[0])
            for level, band in enumerate(Pyramid(CDF97, LEVELS).forward(planes)[1:]):
                for plane, grid in enumerate(vectors_of(band, SIDES[level])):
                    vectors = grid.reshape(-1, grid.shape[-1])
                    large = np.square(vectors).mean(axis=1) > self.model.least**2
                    found[level * 6 + 3 * (plane > 2) + plane % 3].append(vectors[large])
        rng = np.random.default_rng(self.schedule.seed)
        every = [np.concatenate([*part, np.zeros((1, part[0].shape[1]), np.float32)]) for part in found]
        return [one[rng.permutation(len(one))[: self.model.vectors]] for one in every]

    def _fitted(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """The codebooks of a band, each of what those before it left."""
        stages = []
        for _ in range(MOST_STAGES):
            words = np.rint(16 * codebook(vectors, WORDS)).clip(-(2**15), 2**15 - 1).astype(np.float32)
            stages.append(words.ravel().astype(np.float64))
            words *= np.float32(1 / 16)
            chosen, gain = nearest(vectors, words)
            vectors = np.where(gain[:, None] > 0, vectors - words[chosen], vectors)
        return np.concatenate(stages)
