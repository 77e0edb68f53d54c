"""`RcCodec`: lossless coding of what a JPEG file leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg.colour import colour_of
from latentpress.codecs.jpeg.encoding import encode_jpeg
from latentpress.codecs.jpeg.file import read_jpeg
from latentpress.codecs.jpeg.pixels import picture_stages
from latentpress.codecs.lossless.mixed import MixedCodec, MixedModel, code_pixels
from latentpress.codecs.ports import EVEN, Port
from latentpress.errors import CorruptFileError

__all__ = ["RcCodec", "RcModel", "lossy_file", "shown"]

Whole = NDArray[np.int64]

_LENGTH_BITS = 32
_MOST = 4  # bytes of a JPEG file for a sample, and for the tables of an empty one
_TABLES = 4096


def lossy_file(picture: NDArray[np.uint8], quality: int) -> bytes:
    """The JPEG file of a picture (H, W, 3), with chroma in full."""
    return encode_jpeg(picture, quality, sampling="4:4:4", progressive=True)


def shown(file: bytes, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """What a file of `lossy_file` shows, (H, W, 3), to the bit the same everywhere.

    Raises CorruptFileError if it is damaged or of another shape.
    """
    parts = read_jpeg(file)
    frame = parts.frame
    if (frame.height, frame.width, len(frame.components)) != (*shape, 3):
        raise CorruptFileError("the picture's data are damaged: a JPEG file of another size")
    stages = picture_stages(frame, colour_of(parts.structure), [plane.table for plane in parts.planes])
    pixels: NDArray[np.uint8] = stages.inverse([plane.coefficients for plane in parts.planes])
    return pixels


class RcModel(MixedModel):
    """The network of a package: ``residual``, from what the file shows to mixtures around it."""

    multiple: ClassVar[int] = 2

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Take the quality of the JPEG file and the number of components out of the package."""
        self._components, self._quality = int(config["components"]), int(config["quality"])

    def code(self, port: Port, samples: Whole | None, shape: tuple[int, int], max_error: int) -> Whole:
        """The file, then the picture."""
        file = None
        if samples is not None:
            file = lossy_file(np.ascontiguousarray(samples.transpose(1, 2, 0).astype(np.uint8)), self._quality)
        base = shown(_code_bytes(port, file, _TABLES + _MOST * 3 * shape[0] * shape[1]), shape).transpose(2, 0, 1)
        outputs = self.run("residual", x=base[None].astype(np.float32))["y"]
        return code_pixels(port, samples, outputs, self._components, base.astype(np.int64), max_error)


class RcCodec(MixedCodec):
    """Lossless codec after RC: a JPEG file of the picture, and what a network expects of the rest.

    The arguments are those of `MlpLosslessCodec`. Gray, deep pictures and mosaics go by prediction that adapts, without
    networks. threads: of the network, too.
    """

    id: ClassVar[str] = "rc"
    model_class = RcModel


def _code_bytes(port: Port, data: bytes | None, most: int) -> bytes:
    """Code bytes as they are, their number first. Raises CorruptFileError for more than ``most``."""
    size = None if data is None else np.array([len(data)], ">u4").view(np.uint8)
    length = int(np.packbits(_code_bits(port, size, _LENGTH_BITS)).view(">u4")[0])
    if length > most:
        raise CorruptFileError("the picture's data are damaged: a JPEG file longer than can be")
    return np.packbits(_code_bits(port, None if data is None else np.frombuffer(data, np.uint8), 8 * length)).tobytes()


def _code_bits(port: Port, data: NDArray[np.uint8] | None, count: int) -> NDArray[np.uint8]:
    wanted = None if data is None else np.unpackbits(data)
    return port.bits(wanted, np.zeros(count, np.int64), EVEN, "bytes").astype(np.uint8)
