"""`FaceModel`: the package of the codec: shapes, textures, and how landmarks are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from latentpress.codecs.models import PackageModel
from latentpress.codecs.ports import Port, checksum
from latentpress.entropy import ProbabilityTables
from latentpress.systems.faces.layout import CHROMA, FITTED, LANDMARKS, LUMA, SHAPE_STEP, TEXTURE, deviation_of
from latentpress.systems.faces.layout import texture_step as step_of
from latentpress.systems.faces.warp import Points, Warp, centres, rows_of, sampled

__all__ = ["Coefficients", "FaceModel", "features", "reduced", "shown_at"]

Float = NDArray[np.float32]

_LIMIT = 2**14
_ROUNDS = 4
_NUDGE = 2.0  # steps of shape, for slopes
_UNEXPLAINED = 36.0  # squared grey levels that a texture is not asked to explain


@dataclass(frozen=True)
class Coefficients:
    """What a file says of a face: whole numbers of shape (S,) and texture (K,)."""

    shape: NDArray[np.int32]
    texture: NDArray[np.int32]

    def check(self, number: int) -> bytes:
        """See `Exact.check`."""
        return checksum(number, self.shape, self.texture)


class FaceModel(PackageModel):
    """Means and principal components of shapes and textures; levels of their deviations, which name tables."""

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        self._shape_mean, self._shape_basis = (tables[f"shape_{name}"].astype(np.float64) for name in ("mean", "basis"))
        self._texture_mean = tables["texture_mean"].astype(np.float32)
        self._basis, self._gains = tables["texture_basis"], tables["texture_gains"].astype(np.float32)
        self._levels = tables["levels"].astype(np.int64)
        self._finders = tables["finders"]
        self._tables = ProbabilityTables(tables["counts"], tables["radius"])
        self.shapes, self.textures = len(self._shape_basis), len(self._basis)
        if (
            self._shape_basis.shape != (self.shapes, 2 * LANDMARKS)
            or self._shape_mean.shape != (2 * LANDMARKS,)
            or self._basis.shape != (self.textures, TEXTURE)
            or self._levels.shape != (self.shapes + self.textures,)
            or self._finders.shape[1:] != (3 * FITTED**2 + 1, self.shapes)
        ):
            raise ValueError("its arrays do not fit together")

    def code(self, port: Port, rate: int, wanted: Coefficients | None) -> Coefficients:
        """Code a face. The tables are those of the coefficients' deviations in steps."""
        levels = self._levels + np.where(np.arange(len(self._levels)) < self.shapes, 0, rate)
        index = np.clip(levels, 0, len(self._tables) - 1).astype(np.uint8)
        given = None if wanted is None else np.concatenate([wanted.shape, wanted.texture])
        found = port.symbols(given, index, self._tables, _LIMIT, "coefficients")
        return Coefficients(found[: self.shapes], found[self.shapes :])

    # Shapes.

    def landmarks(self, shape: NDArray[Any]) -> Points:
        """The points (41, 2) of a shape's whole numbers."""
        points: Points = (self._shape_mean + SHAPE_STEP * shape @ self._shape_basis).reshape(-1, 2)
        return points

    def shape_of(self, landmarks: Points) -> NDArray[np.int32]:
        """The nearest shape to points."""
        wanted = (landmarks.ravel() - self._shape_mean) @ self._shape_basis.T / SHAPE_STEP
        whole: NDArray[np.int32] = np.clip(np.rint(wanted), -_LIMIT, _LIMIT).astype(np.int32)
        return whole

    @property
    def mean(self) -> Points:
        """The mean face's points."""
        return self._shape_mean.reshape(-1, 2)

    def found(self, luma: Float) -> NDArray[np.int32]:
        """The shape of the face in a plane (96, 96) of luma, which must have one: a first guess from all of it, then
        corrections from the picture under the guess so far (supervised descent, Xiong and De la Torre 2013).
        """
        shape = np.zeros(self.shapes)
        for number, weights in enumerate(self._finders.astype(np.float32)):
            seen = reduced(luma[None], FITTED)[0] if number == 0 else self.straightened(luma, shape)
            shape = shape + np.asarray(features(seen) @ weights, np.float64)
        return np.clip(np.rint(shape), -_LIMIT, _LIMIT).astype(np.int32)

    def straightened(self, plane: Float, shape: NDArray[Any]) -> Float:
        """A plane with the face moved to where the mean face is: (24, 24)."""
        line = centres(FITTED).astype(np.float64)
        places = Warp(self.mean, self.landmarks(shape))(np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2))
        moved: Float = sampled(plane[None], places.reshape(FITTED, FITTED, 2).astype(np.float32))[0]
        return moved

    # Textures.

    def refined(self, ycc: Float, shape: NDArray[np.int32]) -> NDArray[np.int32]:
        """A shape moved so that a face looks more like the planes Y, Cb, Cr (3, h, w): Gauss and Newton's method for
        shape and texture together, for as long as the error falls.
        """
        best, least, trial = shape.astype(np.float64), np.inf, shape.astype(np.float64)
        for _ in range(_ROUNDS):
            places = self._places(trial, ycc)
            seen = self._seen(places)
            rest = (ycc - shown_at(self._texture_mean, places)).ravel()
            weights = self._solved(seen, rest, self._deviations())
            left = (rest - weights @ seen).astype(np.float32)
            if np.square(left).mean() >= least:
                break
            best, least = trial, float(np.square(left).mean())
            texture = self._texture_mean + (weights * self._gains).astype(np.float32) @ self._basis.astype(np.float32)
            now = shown_at(texture, places)
            slopes = [
                (shown_at(texture, self._places(trial + _NUDGE * unit, ycc)) - now).ravel() / np.float32(_NUDGE)
                for unit in np.eye(self.shapes)
            ]
            both = np.concatenate([np.stack(slopes), seen])
            spread = np.concatenate([deviation_of(self._levels[: self.shapes]), self._deviations()])
            trial = trial + np.asarray(self._solved(both, left, spread)[: self.shapes], np.float64)
        whole: NDArray[np.int32] = np.clip(np.rint(best), -_LIMIT, _LIMIT).astype(np.int32)
        return whole

    def texture_of(self, ycc: Float, shape: NDArray[np.int32], rate: int) -> NDArray[np.int32]:
        """The texture with which a face of that shape looks most like the planes Y, Cb, Cr (3, h, w): least squares in
        the picture, held together by how much coefficients vary.
        """
        places = self._places(shape, ycc)
        rest = (ycc - shown_at(self._texture_mean, places)).ravel()
        found = self._solved(self._seen(places), rest, self._deviations())
        whole: NDArray[np.int32] = np.clip(np.rint(found / step_of(rate)), -_LIMIT, _LIMIT).astype(np.int32)
        return whole

    def _places(self, shape: NDArray[Any], like: Float) -> Float:
        """Where the pixels of planes (n, h, w) are on the mean face: (h, w, 2)."""
        return np.concatenate([part for _, part in rows_of(Warp(self.landmarks(shape), self.mean), *like.shape[1:])])

    def _seen(self, places: Float) -> Float:
        """The components of textures at places: (K, 3 h w)."""
        rows = [shown_at(row.astype(np.float32), places).ravel() for row in self._basis]
        return np.stack(rows) * self._gains[:, None]

    def _deviations(self) -> NDArray[np.float64]:
        """Of the coefficients of textures."""
        deviations: NDArray[np.float64] = deviation_of(self._levels[self.shapes :]) * step_of(0)
        return deviations

    @staticmethod
    def _solved(rows: Float, wanted: Float, deviations: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights of rows (k, n) that give what is wanted (n,), the less the rarer they are that large."""
        scale = TEXTURE / wanted.size
        system = (rows @ rows.T).astype(np.float64) * scale + np.diag(_UNEXPLAINED / np.square(deviations))
        return np.linalg.solve(system, (rows @ wanted).astype(np.float64) * scale).astype(np.float64)

    def texture(self, coefficients: NDArray[np.int32], rate: int) -> Float:
        """The numbers of a texture (T,)."""
        weights = (step_of(rate) * coefficients).astype(np.float32) * self._gains
        texture: Float = self._texture_mean + weights @ self._basis.astype(np.float32)
        return texture


def features(plane: Float) -> Float:
    """What landmarks are found by: a plane (24, 24) without its mean and contrast, its slopes, and one."""
    even = (plane - plane.mean()) / (plane.std() + 1)
    down, across = np.gradient(even)
    return np.concatenate([even.ravel(), down.ravel(), across.ravel(), [1.0]]).astype(np.float32)


def reduced(planes: Float, side: int) -> Float:
    """Planes (n, H, W) to (n, side, side), means of what falls together."""
    size = (side, side)
    return np.stack([np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BOX)) for plane in planes])


def shown_at(texture: Float, at: Float) -> Float:
    """A texture (T,) at places (h, w, 2) of the mean face: (3, h, w)."""
    luma, chroma = texture[: LUMA**2].reshape(1, LUMA, LUMA), texture[LUMA**2 :].reshape(2, CHROMA, CHROMA)
    return np.concatenate([sampled(luma, at), sampled(chroma, at)])
