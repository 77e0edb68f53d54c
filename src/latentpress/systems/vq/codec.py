"""`VqCodec`: vector quantisation of a wavelet's bands, in stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adapting import AdaptiveBits
from latentpress.codecs.latent import LatentCodec, LatentModel, TileSettings, Values
from latentpress.codecs.means import AdaptiveMeans, code_means
from latentpress.codecs.ports import Port
from latentpress.codecs.stages import Stage, chain
from latentpress.entropy import ProbabilityTables
from latentpress.errors import CorruptFileError
from latentpress.systems.vq.layout import BANDS, DIMENSIONS, LEVELS, MOST_STAGES, SIDES, STEPS_PER_OCTAVE, WORDS
from latentpress.systems.vq.lbg import nearest
from latentpress.transforms import Blocks, ToYcc
from latentpress.transforms.bands import Gathered
from latentpress.transforms.lifting import CDF97, Pyramid

__all__ = ["VqCodec", "VqModel", "vectors_of"]

Float = NDArray[np.float32]

_COARSEST = 256.0  # grey levels: the step of a scalar quantiser that would be as coarse as quality 0
_FLAG = 1.5  # bits that going on is taken to cost
_KINDS, _NEAR = 2, 5


def vectors_of(band: NDArray[Any], side: int) -> NDArray[Any]:
    """Planes (n, h, w) of a band to the vectors of their squares (n, h / side, w / side, side * side)."""
    return np.stack([Blocks(side).forward(plane) for plane in band])


class VqModel(LatentModel):
    """The package: ``words`` in sixteenths of a grey level, codebooks one after another: [band, stage, word, entry];
    ``counts`` and ``radius`` of a probability table for each codebook.
    """

    stride: ClassVar[int] = 2**LEVELS

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        super().read(config, tables)
        words = tables["words"].astype(np.int32)
        ends = np.cumsum([MOST_STAGES * WORDS * size for size in DIMENSIONS])
        if words.shape != (ends[-1],) or self.latents != 3 * self.stride**2:
            raise ValueError(f"codebooks of shape {words.shape} for {self.latents} values")
        shapes = [(MOST_STAGES, WORDS, size) for size in DIMENSIONS]
        self.words = [part.reshape(shape) for part, shape in zip(np.split(words, ends[:-1]), shapes, strict=True)]
        self.tables = ProbabilityTables(tables["counts"], tables["radius"])
        if len(self.tables) != BANDS * MOST_STAGES:
            raise ValueError(f"{len(self.tables)} probability tables")
        index: NDArray[Any] = np.repeat(np.arange(len(self.tables)), WORDS).reshape(-1, WORDS)
        symbols = np.broadcast_to(np.arange(WORDS) - WORDS // 2, index.shape)
        self._bits = self.tables.bits(symbols, index).reshape(BANDS, MOST_STAGES, WORDS).astype(np.float32)

    def stages(self) -> Stage[Any, Any]:
        """Planes R, G, B (3, H, W) to coefficients (M, h, w) in grey levels."""
        return chain(ToYcc(), Pyramid(CDF97, LEVELS), Gathered(3, LEVELS))

    def analysis(self, planes: Float, rate: int) -> Float:
        """See `LatentModel.analysis`."""
        latents: Float = self.stages().forward(planes[0])
        return latents

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """See `LatentModel.code`. ``latents`` are coefficients in grey levels."""
        coarse = _COARSEST * 2.0 ** (-rate / STEPS_PER_OCTAVE)
        step = max(1, int(coarse / 4))
        wanted = None if latents is None else Gathered(3, LEVELS).inverse(latents)
        low = None if wanted is None else np.rint(wanted[0] / step).astype(np.int32)
        means = code_means(port, AdaptiveMeans(), low, shape)
        bands: list[NDArray[Any]] = [16 * step * means]
        walk = _Walk(self, coarse**2 / 8)
        for level, side in enumerate(SIDES):
            given = None if wanted is None else vectors_of(wanted[level + 1], side)
            size = tuple((length << level) // side for length in shape)
            vectors = walk.level(port, level, given, (9, *size))
            bands.append(np.stack([Blocks(side).inverse(plane) for plane in vectors]))
        exact = Gathered(3, LEVELS).forward(bands)
        return Values(exact.astype(np.float32) / np.float32(16), (exact.astype(np.int32),))

    def synthesis(self, values: Float, rate: int) -> Float:
        """See `LatentModel.synthesis`."""
        planes: Float = self.stages().inverse(values)
        return planes


class _Walk:
    """Levels in order. Of each vector a flag before each stage says whether it goes on; all vectors do a stage
    together. price: squared grey levels that a bit is worth to the encoder.
    """

    def __init__(self, model: VqModel, price: float) -> None:
        self._model, self._price = model, np.float32(price)
        self._flags = AdaptiveBits("flags", len(SIDES) * _KINDS * MOST_STAGES * 2 * _NEAR * 3, len(SIDES) * _KINDS)
        self._deeper: NDArray[np.int8] | None = None  # of the level before: how many stages

    def level(self, port: Port, level: int, wanted: Float | None, shape: tuple[int, ...]) -> NDArray[np.int32]:
        """Code the vectors (9, h, w, d) of a level."""
        model, kinds = self._model, np.repeat([0, 1], [3, 6])
        bands = level * 6 + 3 * kinds + np.arange(9) % 3
        total = np.zeros((*shape, SIDES[level] ** 2), np.int32)
        depth, alive = np.zeros(shape, np.int8), np.ones(shape, bool)
        parents = np.zeros(shape, np.int8)
        if self._deeper is not None:
            scale = shape[1] // self._deeper.shape[1]
            parents = np.minimum(self._deeper.repeat(scale, 1).repeat(scale, 2), 2)
        odd = np.broadcast_to((np.arange(shape[1])[:, None] + np.arange(shape[2])) % 2, shape)
        place = np.broadcast_to((level * _KINDS + kinds)[:, None, None], shape)
        for stage in range(MOST_STAGES):
            chosen, gain = None, None
            if wanted is not None:
                chosen, gain = self._search(wanted - total.astype(np.float32) / np.float32(16), bands, stage)
            for phase in (0, 1):
                mask = alive & (odd == phase)
                near = _around(depth > stage)[mask]
                context = (((place[mask] * MOST_STAGES + stage) * 2 + phase) * _NEAR + near) * 3 + parents[mask]
                depth[mask] += self._flags.code(port, None if gain is None else gain[mask] > 0, context)
            alive = depth > stage
            band = np.broadcast_to(bands[:, None, None], shape)[alive]
            given = None if chosen is None else chosen[alive] - WORDS // 2
            table = (band * MOST_STAGES + stage).astype(np.uint8)
            found = port.symbols(given, table, model.tables, WORDS // 2, "words") + WORDS // 2
            if found.size and found.max() >= WORDS:
                raise CorruptFileError("the symbol stream is damaged: a word that no codebook has")
            for number, words in enumerate(model.words[level * 6 : level * 6 + 6]):
                those = band == level * 6 + number
                added = np.zeros((int(alive.sum()), total.shape[-1]), np.int32)
                added[those] = words[stage][found[those]]
                total[alive] += added
        self._deeper = depth
        return total

    def _search(self, rest: Float, bands: NDArray[Any], stage: int) -> tuple[NDArray[np.intp], Float]:
        """The best word for each vector (9, h, w, d), and what it gains: squared error less the price of its bits."""
        chosen, gain = np.zeros(rest.shape[:-1], np.intp), np.zeros(rest.shape[:-1], np.float32)
        for plane, band in enumerate(bands):
            words = self._model.words[band][stage] / np.float32(16)
            costs = self._price * (self._model._bits[band, stage] + np.float32(_FLAG))
            found, gained = nearest(rest[plane].reshape(-1, rest.shape[-1]), words, costs)
            chosen[plane], gain[plane] = found.reshape(chosen[plane].shape), gained.reshape(gain[plane].shape)
        return chosen, gain


def _around(mask: NDArray[np.bool_]) -> NDArray[np.int8]:
    padded = np.pad(mask.astype(np.int8), ((0, 0), (1, 1), (1, 1)))
    total: NDArray[np.int8] = padded[:, :-2, 1:-1] + padded[:, 2:, 1:-1] + padded[:, 1:-1, :-2] + padded[:, 1:-1, 2:]
    return total


class VqCodec(LatentCodec[VqModel]):
    """Lossy codec: squares of a wavelet's bands as sums of words from codebooks (vector quantisation in stages).

    Settings are those of `LatentCodec`; the model has no networks, so ``engine`` and ``dtype`` change nothing.
    """

    id: ClassVar[str] = "vq"
    model_class = VqModel
    largest_tile: ClassVar[int] = 2**12
