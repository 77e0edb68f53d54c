"""`FacesCodec`: shape and texture of a face apart, and what they leave by another codec."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.models import Running
from latentpress.codecs.planes import from_planes, to_planes
from latentpress.codecs.ports import read, write
from latentpress.codecs.predicted import Described, PredictingCodec, Shown, middle_grey
from latentpress.container import Chunk, Header, layers_of
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.image import Image
from latentpress.models import ModelPackage
from latentpress.systems.faces.layout import LANDMARKS, LAST_RATE
from latentpress.systems.faces.model import Coefficients, FaceModel, Float, reduced, shown_at
from latentpress.systems.faces.warp import Points, Warp, rows_of
from latentpress.transforms import ToYcc

__all__ = ["FacesCodec"]

_NO_FACE = 255
_FACE_ALONE = 20.0  # quality up to which a face is all that a file holds
_REFINED = 48  # and to which landmarks are moved
_LOOKED_AT = 96  # side of the picture that a texture is fitted to
_FACE = 0.12  # share of a picture's variance that a face leaves at most, else it is none


class FacesCodec(PredictingCodec):
    """Lossy codec for portraits: landmarks and a texture of principal components, and what these leave.

    landmarks: where the points of the face are, 41 pairs x, y in pixels, or the path of a JSON file with them; None
    finds them. For the other settings see `PredictingCodec`. A picture that looks like no face is left to the codec of
    the rest.
    """

    id: ClassVar[str] = "faces"
    model_class: ClassVar[type[Any]] = FaceModel
    takes: ClassVar[frozenset[str]] = PredictingCodec.takes | {"landmarks"}

    def __init__(
        self,
        model: str | None = None,
        engine: str = "onnx",
        threads: int | None = None,
        dtype: str = "float32",
        landmarks: str | Sequence[Sequence[float]] | None = None,
    ) -> None:
        super().__init__(model, engine, threads, dtype)
        self._config["landmarks"] = landmarks

    def describe(self, image: Image, quality: float) -> Described:
        """See `PredictingCodec.describe`."""
        model = self.model(self._package)
        rate = min(LAST_RATE, round(LAST_RATE * quality / _FACE_ALONE))
        planes = to_planes(image.pixels, 1, image.peak)[0]
        small = ToYcc().forward(reduced(planes, _LOOKED_AT))
        given = _landmarks(self._config["landmarks"], image)
        shape = model.refined(
            reduced(small, _REFINED), model.found(small[0]) if given is None else model.shape_of(given)
        )
        if given is None and not self._is_face(model, small, shape):
            return Described([bytes([_NO_FACE])], quality)
        face = Coefficients(shape, model.texture_of(small, shape, rate))
        stream = write(lambda port: model.code(port, rate, face), rate)
        rest = (quality - _FACE_ALONE) / (100 - _FACE_ALONE) * 100
        return Described([bytes([rate]) + stream], None if rest < 0 else rest)

    def landmarks_in(self, image: Image) -> Points:
        """Where the landmarks (41, 2) of a picture's face are found, as shares of its sides."""
        model = self.model(self._package)
        planes = to_planes(image.pixels[:, :, : image.channels - image.has_alpha], 1, image.peak)[0]
        small = ToYcc().forward(reduced(planes, _LOOKED_AT))
        return model.landmarks(model.refined(reduced(small, _REFINED), model.found(small[0])))

    def predict(self, header: Header, package: ModelPackage, layers: Sequence[bytes]) -> Shown:
        """See `PredictingCodec.predict`."""
        samples = middle_grey(header)
        channels = samples.shape[2]
        if not layers or bytes(layers[0]) == bytes([_NO_FACE]):
            return Shown(samples)
        rate = layers[0][0] if layers[0] else _NO_FACE
        if rate > LAST_RATE:
            raise CorruptFileError(f"the file is damaged: a texture of rate {rate}")
        model = self.model(package)
        face = read(bytes(layers[0][1:]), lambda port: model.code(port, rate, None), rate)
        texture = model.texture(face.texture, rate)
        for rows, places in rows_of(Warp(model.landmarks(face.shape), model.mean), header.height, header.width):
            ycc = shown_at(texture, places)
            if channels == 1:
                ycc[1:] = 0
            samples[rows] = from_planes(ToYcc().inverse(ycc), channels, header.bit_depth)
        return Shown(samples, (face.shape, face.texture))

    @classmethod
    def facts(cls, header: Header, chunks: Sequence[Chunk]) -> dict[str, str]:
        """Whether a face was found."""
        layers = layers_of(chunks)
        if not layers or not layers[0]:
            return {}
        return {"face": "none found" if layers[0][0] == _NO_FACE else f"{LANDMARKS} landmarks and a texture"}

    @staticmethod
    def model(package: ModelPackage) -> FaceModel:
        """The model of a package."""
        return FaceModel.open(package, Running())

    @staticmethod
    def _is_face(model: FaceModel, planes: Float, shape: NDArray[np.int32]) -> bool:
        """Whether planes (3, h, w) look like a face of that shape."""
        texture = model.texture(model.texture_of(planes, shape, LAST_RATE), LAST_RATE)
        seen = [shown_at(texture, at) for _, at in rows_of(Warp(model.landmarks(shape), model.mean), *planes.shape[1:])]
        varied = planes - planes.mean(axis=(1, 2), keepdims=True)
        left = planes - np.concatenate(seen, axis=1)
        return bool(np.square(left).mean() <= _FACE * np.square(varied).mean())


def _landmarks(given: str | Sequence[Sequence[float]] | None, image: Image) -> Points | None:
    """The points (41, 2) as shares of the picture's sides. Raises InvalidInputError for what are none."""
    if given is None:
        return None
    try:
        read = json.loads(Path(given).read_text()) if isinstance(given, str) else given
        points = np.asarray(read, np.float64)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidInputError(f"landmarks cannot be read: {error}") from None
    if points.shape != (LANDMARKS, 2) or not np.isfinite(points).all():
        raise InvalidInputError(f"landmarks are {LANDMARKS} pairs x, y in pixels")
    shares: Points = points / (image.width, image.height)
    if shares.min() < -1 or shares.max() > 2:
        raise InvalidInputError("landmarks lie far outside of the picture")
    return shares
