"""Fit of `SemanticCodec`: classes by k-means, weights that find them in latents, filters by least squares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from latentpress.codecs import shared_codec
from latentpress.codecs.latent import LatentCodec
from latentpress.codecs.planes import to_planes
from latentpress.codecs.ports import Counting
from latentpress.entropy import ProbabilityTables, quantise_pmf
from latentpress.image import Image
from latentpress.systems.semantic.codec import halved
from latentpress.systems.semantic.layout import CELL, CLASSES, HALVED, RUNGS, TAPS
from latentpress.systems.semantic.maps import CONTEXTS, MAP, code_map
from latentpress.systems.semantic.model import CELLS, SemanticModel, neighbourhood, patches
from latentpress.systems.semantic.segmenter import features, nearest, segmented
from latentpress.training.data import Pictures
from latentpress.training.schedule import Schedule, setting
from latentpress.training.system import Arrays, Graph, Player, Samples, Training
from latentpress.transforms import ToYcc

__all__ = ["SemanticTraining"]

_UNIT = 16 * HALVED
_LARGEST_WEIGHT = 2**14
_PRIOR = 4.0  # cells that each table is worth before any are counted


@dataclass(frozen=True)
class Sizes:
    """rounds: of k-means."""

    rounds: int = setting(20, at_least=1)


@dataclass(frozen=True)
class Fitted(Schedule):
    """pictures: how many are looked at, spread over the data, each cut to ``side``. ridge: weight of the squares in the
    regressions, of the mean square of what they see.
    """

    pictures: int = setting(48, at_least=1)
    side: int = setting(256, multiple_of=_UNIT)
    ridge: float = setting(0.01, at_least=0)

    @property
    def smallest(self) -> int:
        """A latent of the small picture."""
        return _UNIT


class SemanticTraining(Training):
    """All is found before the first step, in buffers of the network."""

    model_type: ClassVar[type[Any]] = Sizes
    schedule_type: ClassVar[type[Schedule]] = Fitted
    figures: ClassVar[tuple[str, ...]] = ()

    def network(self, samples: Samples | None) -> nn.Module:
        """Centres, counts of classes by their neighbours, weights and filters."""
        codec: Any = shared_codec("hyperprior", {}, 1)
        seen = 2 * self._latents(codec) + 1
        arrays: dict[str, Any] = {
            "centres": np.zeros((CLASSES, 4)),
            "counts": np.zeros((CONTEXTS, CLASSES + 2)),
            "weights": np.zeros((len(RUNGS), CLASSES * CELLS**2, seen)),
            "filters": np.zeros((CLASSES + 1, 2, HALVED**2, TAPS)),
        }
        if samples is not None:
            stride, side = -(-len(samples) // self.schedule.pictures), self.schedule.side
            pictures = [_cut(picture[:side, :side]) for picture in samples[::stride]]
            centres = _means(pictures, self.model.rounds, self.schedule.seed)
            maps = [segmented(picture, centres) for picture in pictures]
            arrays["centres"], arrays["counts"] = centres, _counted(maps)
            self._fit(codec, pictures, maps, arrays)
        net = nn.Module()
        for name, value in arrays.items():
            net.register_buffer(name, torch.from_numpy(np.asarray(value)).float())
        return net

    def draw(self, samples: Samples, rng: np.random.Generator) -> tuple[Any, ...]:
        """Nothing."""
        return ()

    def players(self, net: nn.Module) -> Sequence[Player]:
        """Nobody: there is nothing left to learn."""
        return []

    def graphs(self, net: nn.Module) -> dict[str, Graph | bytes]:
        """None of its own."""
        return {}

    def tables(self, net: nn.Module, model: SemanticModel | None, sample: Pictures) -> Arrays:
        """What was found, weights as whole numbers."""
        if model is not None:
            return dict(model.package.tables)
        found = {name: value.numpy().astype(np.float64) for name, value in net.named_buffers()}
        return {
            "centres": found["centres"].astype(np.int16),
            "counts": np.concatenate([quantise_pmf(row) for row in found["counts"] + _PRIOR / CLASSES]),
            "radius": np.full(CONTEXTS, CLASSES // 2, np.uint16),
            "weights": np.rint(found["weights"] * _LARGEST_WEIGHT).astype(np.int16),
            "filters": found["filters"].astype(np.float16),
        }

    @staticmethod
    def _latents(codec: LatentCodec[Any]) -> int:
        return int(codec.model.latents)

    def _fit(
        self, codec: LatentCodec[Any], pictures: Pictures, maps: Sequence[NDArray[np.uint8]], arrays: dict[str, Any]
    ) -> None:
        """Weights of each rung, and filters of the pictures of all."""
        size = TAPS
        squares, products = np.zeros((CLASSES, 2, size, size)), np.zeros((CLASSES, 2, size, HALVED**2))
        for rung, quality in enumerate(RUNGS):
            rows, wanted = [], []
            for picture, classes in zip(pictures, maps, strict=True):
                data = codec.encode(Image(halved(Image(picture))), quality)
                values = neighbourhood(codec.opened(data)[2].values())
                rows.append(values.reshape(len(values), -1).T)
                wanted.append(_hot(classes))
                small = ToYcc().forward(to_planes(codec.decode(data).pixels, 1)[0])
                _gather(small, picture, classes, squares, products)
            weights = _ridge(np.concatenate(rows), np.concatenate(wanted), self.schedule.ridge).T
            arrays["weights"][rung] = weights / np.abs(weights).max()
        for kind, plane, some, sums in _systems(squares, products):
            ridge = self.schedule.ridge * np.trace(some) / size * np.eye(size) + 1e-6 * np.eye(size)
            arrays["filters"][kind, plane] = np.linalg.solve(some + ridge, sums).T


def _cut(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = (side - side % _UNIT for side in picture.shape[:2])
    return np.ascontiguousarray(picture[:height, :width])


def _means(pictures: Pictures, rounds: int, seed: int) -> NDArray[np.int64]:
    """Centres (CLASSES, 4) of the features of all cells, by k-means; a class without cells gets one at random."""
    rows = np.concatenate([features(picture).reshape(4, -1).T for picture in pictures])
    rng = np.random.default_rng(seed)
    centres = rows[rng.choice(len(rows), CLASSES, replace=len(rows) < CLASSES)].copy()
    for _ in range(rounds):
        of = nearest(rows.T[:, None], centres)[0]
        for kind in range(CLASSES):
            mine = rows[of == kind]
            centres[kind] = np.rint(mine.mean(axis=0)) if len(mine) else rows[rng.integers(len(rows))]
    return centres[np.lexsort(centres.T[::-1])]


def _counted(maps: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """How often each class has each neighbours, of 1000 times at most."""
    port = Counting()
    even = ProbabilityTables(np.tile(quantise_pmf(np.ones(CLASSES + 2)), CONTEXTS), np.full(CONTEXTS, CLASSES // 2))
    for one in maps:
        code_map(port, one, (one.shape[0], one.shape[1]), even)
    counts = np.pad(port.counts[MAP], ((0, 0), (0, 1)))
    scaled: NDArray[np.float64] = counts * np.minimum(1, 1000 / np.maximum(counts.sum(axis=1, keepdims=True), 1))
    return scaled


def _hot(classes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Maps as rows (latents, CLASSES * CELLS^2) of ones and zeros."""
    height, width = (side // CELLS for side in classes.shape)
    hot = (classes[None] == np.arange(CLASSES)[:, None, None]).astype(np.float64)
    cells = hot.reshape(CLASSES, height, CELLS, width, CELLS).transpose(1, 3, 0, 2, 4)
    rows: NDArray[np.float64] = cells.reshape(height * width, -1)
    return rows


def _gather(
    small: NDArray[np.float32],
    picture: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    squares: NDArray[np.float64],
    products: NDArray[np.float64],
) -> None:
    """Add what a picture says of the filters: around each place what is seen, less its middle, and what is wanted."""
    full = ToYcc().forward(picture.transpose(2, 0, 1).astype(np.float32))
    height, width = small.shape[1:]
    fours = full.reshape(3, height, HALVED, width, HALVED).transpose(0, 1, 3, 2, 4).reshape(3, height, width, -1)
    side = CELL // HALVED
    kinds = classes.repeat(side, 0).repeat(side, 1)
    seen = patches(small) - small[..., None]
    wanted = fours - small[..., None]
    for kind in np.unique(kinds):
        here = kinds == kind
        for plane in range(3):
            x = seen[plane][here].astype(np.float64)
            squares[kind, min(plane, 1)] += x.T @ x
            products[kind, min(plane, 1)] += x.T @ wanted[plane][here]


def _systems(
    squares: NDArray[np.float64], products: NDArray[np.float64]
) -> Iterator[tuple[int, int, NDArray[np.float64], NDArray[np.float64]]]:
    """Of each class and plane, and of all classes together."""
    for plane in range(2):
        for kind in range(CLASSES):
            yield kind, plane, squares[kind, plane], products[kind, plane]
        yield CLASSES, plane, squares[:, plane].sum(axis=0), products[:, plane].sum(axis=0)


def _ridge(seen: NDArray[np.float64], wanted: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    """Weights (features, outputs) in least squares, each feature in units of its root mean square."""
    units = np.sqrt(np.square(seen).mean(axis=0)) + 1e-9
    even = seen / units
    system = even.T @ even / len(even) + (ridge + 1e-6) * np.eye(seen.shape[1])
    weights: NDArray[np.float64] = np.linalg.solve(system, even.T @ wanted / len(even)) / units[:, None]
    return weights
