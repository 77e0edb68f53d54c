"""Lossless codecs whose networks say, of a whole tile at once, how its samples are spread: L3C, RC and their like."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.codec import LosslessCodec
from latentpress.codecs.lossless.colours import Colours
from latentpress.codecs.lossless.tiles import Coded, Method, PlaneCoder
from latentpress.codecs.mixtures import GRID, code_values
from latentpress.codecs.models import PackageModel
from latentpress.codecs.ports import EVEN, Port, Reading, Writing
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.models import ModelPackage

__all__ = ["MixedCodec", "MixedModel", "code_flat", "code_pixels", "mixtures_of"]

Whole = NDArray[np.int64]


def code_flat(port: Port, wanted: Whole | None, shape: tuple[int, ...], bits: int) -> Whole:
    """Code whole numbers of a shape from 0 to 2^bits - 1, of which nothing is known, and give them back."""
    flat, count = None if wanted is None else wanted.ravel(), int(np.prod(shape))
    found = np.zeros(count, np.int64)
    for level in range(bits):
        some = None if flat is None else flat >> level & 1
        found += port.bits(some, np.zeros(count, np.int64), EVEN, "first").astype(np.int64) << level
    return found.reshape(shape)


def mixtures_of(outputs: NDArray[np.float32], channels: int, components: int) -> tuple[Whole, Whole]:
    """The outputs (1, n, H, W) of a `MixtureHead` as mixtures (3, channels, K, H, W), and what stands besides."""
    whole, count = outputs[0].astype(np.int64), 3 * channels * components
    return whole[:count].reshape(3, channels, components, *whole.shape[1:]), whole[count:]


def code_pixels(
    port: Port,
    wanted: NDArray[Any] | None,
    outputs: NDArray[np.float32],
    components: int,
    base: Whole,
    max_error: int,
    places: NDArray[np.bool_] | None = None,
) -> Whole:
    """Code G, R and B (3, H, W in the order R, G, B), 0..255, or None, each right to ``max_error``, and give them as a
    decoder has them.

    outputs: of a `MixtureHead`, (1, n, H, W). base: (3, H, W), what its means are counted from, on both sides the same.
    places: (H, W), those that are coded; all others are as the base is. With a bound on errors, what is coded is the
    distance from the base in steps of 2 max_error + 1, by the masses that the same mixture has on them (Bai et al.
    2021).
    """
    places = np.ones(base.shape[1:], bool) if places is None else places
    mixtures, follow = mixtures_of(outputs, 3, components)
    mixtures, follow, start = mixtures[..., places], follow[:, places], base[:, places]
    step, values, away = 2 * max_error + 1, base.copy(), np.zeros_like(start)
    for c in (1, 0, 2):
        shift = (follow[0] * away[1], 0, follow[1] * away[1] + follow[2] * away[0])[c]
        parameters = mixtures[:, c].copy()
        parameters[1] += GRID * start[c] + (shift >> 2)
        # the first of the values that are whole steps from the base and stand for samples from 0 on
        first = start[c] % step
        first -= step * (first > max_error)
        symbols = None if wanted is None else (wanted[c][places].astype(np.int64) - first + max_error) // step
        found = np.clip(first + step * code_values(port, symbols, parameters, first, step, 8, "samples"), 0, 255)
        values[c][places] = found
        away[c] = found - start[c]
    return values


class MixedModel(PackageModel):
    """A package with such networks. multiple: of a tile's sides, which are filled up with copies of its border."""

    multiple: ClassVar[int]

    @abstractmethod
    def code(self, port: Port, samples: Whole | None, shape: tuple[int, int], max_error: int) -> Whole:
        """Code samples (3, H, W) of a shape (H, W), or None, and give them as a decoder has them."""


class _PictureCoder:
    """Codes tiles of RGB samples of 8 bits; a `latentpress.codecs.lossless.tiles.PlaneCoder`."""

    any_colours: ClassVar[bool] = False

    def __init__(self, model: MixedModel) -> None:
        self._model = model

    def encode(self, colours: Colours, samples: NDArray[Any], depth: int, max_error: int, verify: bool) -> Coded:
        """The stream of a tile (H, W, 3)."""
        height, width = samples.shape[:2]
        more = [(0, whole - side) for whole, side in zip(self._filled(height, width), (height, width), strict=True)]
        planes = np.pad(samples.transpose(2, 0, 1).astype(np.int64), [(0, 0), *more], mode="edge")
        port = Writing(again=False)
        decoded = self._tile(self._model.code(port, planes, planes.shape[1:], max_error), height, width)
        stream = port.finish()

        def reads_back() -> bool:
            again = self.decode(colours, memoryview(stream), height, width, depth, max_error)
            return np.array_equal(again, decoded)

        return Coded(stream, decoded, reads_back)

    def decode(
        self, colours: Colours, data: memoryview, height: int, width: int, depth: int, max_error: int
    ) -> NDArray[Any]:
        """The samples of a tile. Raises CorruptFileError if the stream is certainly damaged."""
        if depth != 8 or colours not in (Colours.YUV, Colours.GREEN):
            raise CorruptFileError("the picture's data are damaged: networks of planes that have none")
        port = Reading(bytes(data))
        planes = self._model.code(port, None, self._filled(height, width), max_error)
        port.finish()
        return self._tile(planes, height, width)

    def _filled(self, height: int, width: int) -> tuple[int, int]:
        unit = self._model.multiple
        return -(-height // unit) * unit, -(-width // unit) * unit

    @staticmethod
    def _tile(planes: Whole, height: int, width: int) -> NDArray[Any]:
        return np.ascontiguousarray(planes[:, :height, :width].transpose(1, 2, 0).astype(np.uint8))


class MixedCodec(LosslessCodec):
    """Base of codecs with a `MixedModel`: RGB of 8 bits goes by its networks, all else by prediction that adapts. Files
    are theirs, where those of other coders are smaller too: these codecs are there to be compared with.
    """

    takes: ClassVar[frozenset[str]] = LosslessCodec.takes - {"effort"}
    others: ClassVar[bool] = False
    model_class: ClassVar[type[MixedModel]]

    def __init__(self, **settings: Any) -> None:
        if "effort" in settings:
            raise InvalidInputError(f"{self.id} codes a picture in one way: there is no effort to choose")
        super().__init__(**settings)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {name: value for name, value in super().config().items() if name in self.takes}

    def trained_coders(self, package: ModelPackage, threads: int) -> Mapping[Method, PlaneCoder]:
        """The model's."""
        model = self.model_class.open(package, self.running(self._config["threads"]))
        return {Method.NETWORK: _PictureCoder(model)}

    def method(self, channels: int, depth: int, max_error: int) -> Method:
        """Networks where they fit."""
        return Method.NETWORK if channels == 3 and depth == 8 else Method.ADAPTIVE
