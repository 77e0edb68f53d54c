"""Fit of `FacesCodec` on faces drawn by chance: components of shapes and textures, and regressions for landmarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from latentpress.entropy import quantise_pmf
from latentpress.systems.faces.drawing import face
from latentpress.systems.faces.layout import (
    CHROMA,
    FITTED,
    LUMA,
    SHAPE_STEP,
    TABLES,
    TEXTURE,
    deviation_of,
    level_of,
    texture_step,
)
from latentpress.systems.faces.model import FaceModel, features, reduced
from latentpress.systems.faces.warp import Points, Warp, centres, sampled
from latentpress.training.data import Pictures
from latentpress.training.schedule import Schedule, setting
from latentpress.training.system import Arrays, Folders, Graph, Player, Samples, Say, Training
from latentpress.transforms import ToYcc

__all__ = ["FacesTraining"]

Float = NDArray[np.float32]

_RADIUS = 64
_SPREAD = 0.3  # of a coefficient's deviation: by how much shapes are disturbed for the regressions after the first


@dataclass(frozen=True)
class Sizes:
    """shapes, textures: how many components. finders: regressions one after another that find landmarks."""

    shapes: int = setting(20, at_least=1, at_most=82)
    textures: int = setting(128, at_least=1)
    finders: int = setting(3, at_least=1)


@dataclass(frozen=True)
class Drawn(Schedule):
    """faces: how many are drawn. ridge: weight of the squares in the regressions, of the features' mean square."""

    faces: int = setting(1200, at_least=4)
    ridge: float = setting(0.01, at_least=0)


class FacesTraining(Training):
    """All is found before the first step, in buffers of the network; pictures given as data are not looked at."""

    model_type: ClassVar[type[Any]] = Sizes
    schedule_type: ClassVar[type[Schedule]] = Drawn
    figures: ClassVar[tuple[str, ...]] = ()
    counted: ClassVar[str] = "drawn faces"

    def samples(self, data: Folders, folder: Any, say: Say) -> Samples:
        """Planes Y, Cb, Cr (3, 96, 96) and landmarks of each face."""
        rng = np.random.default_rng(self.schedule.seed)
        found = []
        for _ in range(self.schedule.faces):
            one = face(rng)
            found.append(
                (ToYcc().forward(reduced(one.pixels.transpose(2, 0, 1).astype(np.float32), LUMA)), one.landmarks)
            )
        return found

    def held_out(self, valid: Folders, samples: Samples, say: Say) -> Samples:
        """The same."""
        return samples

    def network(self, samples: Samples | None) -> nn.Module:
        """Means, components and deviations of shapes and textures, and the finders' weights."""
        net, sizes = nn.Module(), self.model
        arrays: dict[str, Any] = {
            "shape_mean": np.zeros(82),
            "shape_basis": np.zeros((sizes.shapes, 82)),
            "shape_deviations": np.ones(sizes.shapes),
            "texture_mean": np.zeros(TEXTURE),
            "texture_basis": np.zeros((sizes.textures, TEXTURE)),
            "texture_deviations": np.ones(sizes.textures),
            "finders": np.zeros((sizes.finders, 3 * FITTED**2 + 1, sizes.shapes)),
        }
        if samples is not None:
            shapes = np.stack([points.ravel() for _, points in samples])
            arrays |= _components(shapes, sizes.shapes, "shape")
            mean = arrays["shape_mean"].reshape(-1, 2)
            textures = np.stack([_texture(planes, mean, points) for planes, points in samples])
            arrays |= _components(textures, sizes.textures, "texture")
            arrays["finders"] = self._finders(samples, arrays)
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
        """None: all is products with matrices."""
        return {}

    def tables(self, net: nn.Module, model: FaceModel | None, sample: Pictures) -> Arrays:
        """Bases in eight bits, each with its gain; a table for each deviation, of logistic distributions."""
        if model is not None:
            return dict(model.package.tables)
        found = {name: value.numpy() for name, value in net.named_buffers()}
        basis = found["texture_basis"]
        gains = np.maximum(np.abs(basis).max(axis=1), 1e-9) / 127
        deviations = found["shape_deviations"] / SHAPE_STEP, found["texture_deviations"] / texture_step(0)
        return {
            "shape_mean": found["shape_mean"].astype(np.float16),
            "shape_basis": found["shape_basis"].astype(np.float16),
            "texture_mean": np.rint(found["texture_mean"]).astype(np.int8),
            "texture_basis": np.rint(basis / gains[:, None]).astype(np.int8),
            "texture_gains": gains.astype(np.float32),
            "finders": found["finders"].astype(np.float16),
            "levels": level_of(np.concatenate(deviations)).astype(np.int16),
            "counts": np.concatenate([_logistic(deviation) for deviation in deviation_of(np.arange(TABLES))]),
            "radius": np.full(TABLES, _RADIUS, np.uint16),
        }

    def _finders(self, samples: Samples, arrays: dict[str, Any]) -> NDArray[np.float64]:
        """Weights of ridge regressions: each corrects what those before it have found, and disturbed truths."""
        model = _Shapes(arrays["shape_mean"], arrays["shape_basis"])
        truths = np.stack([model.exact(points) for _, points in samples])
        lumas = [planes[0] for planes, _ in samples]
        rng, spread = np.random.default_rng(self.schedule.seed), _SPREAD * truths.std(axis=0)
        seen = np.stack([features(reduced(luma[None], FITTED)[0]) for luma in lumas])
        found = [_ridge(seen, truths, self.schedule.ridge)]
        guesses = seen @ found[0]
        for _ in range(1, self.model.finders):
            guesses = guesses + rng.normal(0, spread, guesses.shape)
            pairs = zip(lumas, guesses, strict=True)
            seen = np.stack([features(model.straightened(luma, guess)) for luma, guess in pairs])
            found.append(_ridge(seen, truths - guesses, self.schedule.ridge))
            guesses = guesses + seen @ found[-1]
        return np.stack(found)


class _Shapes(FaceModel):
    """What of a model there is before its package."""

    def __init__(self, mean: NDArray[Any], basis: NDArray[Any]) -> None:
        self._shape_mean, self._shape_basis = mean, basis

    def exact(self, points: Points) -> NDArray[np.float64]:
        """A shape in steps, not rounded."""
        wanted: NDArray[np.float64] = (points.ravel() - self._shape_mean) @ self._shape_basis.T / SHAPE_STEP
        return wanted


def _components(rows: NDArray[Any], count: int, name: str) -> dict[str, NDArray[Any]]:
    """Mean, principal components of length 1 and deviations of rows; of components that few rows do not give, zeros."""
    mean = rows.mean(axis=0)
    apart = (rows - mean).astype(np.float64)
    squares, vectors = np.linalg.eigh(apart @ apart.T)
    order = np.argsort(-squares)[: min(count, len(rows) - 1)]
    lengths = np.sqrt(np.maximum(squares[order], 1e-12))
    basis, deviations = np.zeros((count, rows.shape[1])), np.zeros(count)
    basis[: len(order)] = (vectors[:, order] / lengths).T @ apart
    deviations[: len(order)] = lengths / np.sqrt(len(rows))
    return {f"{name}_mean": mean, f"{name}_basis": basis, f"{name}_deviations": deviations}


def _texture(planes: Float, mean: Points, landmarks: Points) -> Float:
    """The texture (T,) of a face: its planes where the mean face has its points."""
    warp, parts = Warp(mean, landmarks), []
    for side, some in ((LUMA, planes[:1]), (CHROMA, planes[1:])):
        line = centres(side).astype(np.float64)
        places = warp(np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)).reshape(side, side, 2)
        parts.append(sampled(some, places.astype(np.float32)).ravel())
    return np.concatenate(parts)


def _ridge(seen: Float, wanted: NDArray[Any], ridge: float) -> NDArray[np.float64]:
    """Weights (features, outputs) in least squares, found among the samples, of which there are fewer."""
    kernel = (seen @ seen.T).astype(np.float64)
    weights: NDArray[np.float64] = seen.T.astype(np.float64) @ np.linalg.solve(
        kernel + ridge * np.trace(kernel) / len(kernel) * np.eye(len(kernel)), wanted
    )
    return weights


def _logistic(deviation: float) -> NDArray[np.uint32]:
    """Counts of whole numbers that are about a logistic distribution's, and of those beyond the table."""
    edges = (np.arange(-_RADIUS, _RADIUS + 2) - 0.5) / (deviation * np.sqrt(3) / np.pi)
    rising = 0.5 * (1 + np.tanh(edges / 2))
    inside = np.diff(rising)
    return quantise_pmf(np.concatenate([inside, [max(1 - inside.sum(), 1e-6)]]))
