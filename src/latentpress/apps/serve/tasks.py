"""What a request asks for, as functions of bytes and plain values. They run in a worker process.

Each raises a `LatentPressError` with a reason in one line for whatever is wrong with its input.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

import latentpress
from latentpress import limits
from latentpress.apps.serve import offers, previews
from latentpress.apps.serve.inputs import ParameterError, Upload
from latentpress.bench.coders import available
from latentpress.codecs.jpeg import CutJpegWarning
from latentpress.codecs.roi import Roi
from latentpress.codecs.settings import Settings
from latentpress.codecs.targets import psnr_of
from latentpress.errors import InvalidInputError, LatentPressError, UnsupportedError
from latentpress.image import FirstFrameWarning, Image

__all__ = ["Encoded", "Restoration", "codecs", "compress", "decompress", "inspect", "prepare", "preview", "restore"]


@dataclasses.dataclass(frozen=True)
class Encoded:
    """What `compress` gives: a whole file, the picture's sides, the PSNR in dB if it was asked for, and what was lost
    or left out on the way, in a line, empty for nothing.
    """

    data: bytes
    codec: str
    width: int
    height: int
    psnr: float | None
    warning: str


@dataclasses.dataclass(frozen=True)
class Restoration:
    """What `restore` gives: a picture file, and what the artefacts were taken for."""

    data: bytes
    quality: int
    origin: str


def prepare(max_pixels: int) -> None:
    """Make a fresh worker ready: set its limit on pixels, and load the usual network before it is waited for."""
    limits.MAX_PIXELS = max_pixels
    # ONNX Runtime would report its use to its makers over the network; it reads this when it is first imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    # A worker's warnings would go to the service's log, where the client who could use them does not look.
    warnings.simplefilter("ignore")
    try:
        Settings()(Image(np.zeros((16, 16, 3), np.uint8)), threads=1)
    except LatentPressError:
        return  # the requests that need it will say why


def compress(upload: Upload, given: dict[str, Any], verify: bool) -> Encoded:
    """A picture file to an .lpx file. given: keywords of `latentpress.compress`. verify: decode it, for its PSNR."""
    try:
        coding = Settings.of(**given)
    except (InvalidInputError, UnsupportedError) as error:
        raise ParameterError(str(error)) from None
    with warnings.catch_warnings(record=True) as caught:
        for kind in (FirstFrameWarning, CutJpegWarning):
            warnings.simplefilter("always", kind)
        image = _picture(upload.file)
        weights = _weights(upload, image)
        kept = None if weights is not None else coding.keep(upload.file, threads=1)
        data = coding(image, threads=1, roi=None if weights is None else Roi(weights)) if kept is None else kept
    fidelity = psnr_of(image, latentpress.decompress(data, threads=1)) if verify else None
    # Of the codec that was taken: drawings may be kept without loss where none was named.
    told = "; ".join(str(one.message) for one in caught)
    return Encoded(data, latentpress.inspect(data).codec, image.width, image.height, fidelity, told)


def decompress(upload: Upload, format: str, layers: int | None, preview: bool, look: float) -> bytes:
    """An .lpx file to a picture file of a format that `latentpress.write_image` knows; as JPEG, a JPEG file that was
    kept is itself. The others: as in `latentpress.decompress`.
    """
    if preview and look:
        raise ParameterError("give preview or look, not both")
    if format == "jpeg" and layers is None and not preview and not look:
        with contextlib.suppress(UnsupportedError):  # a picture, never a file
            return latentpress.decompress_jpeg(_lpx(upload), threads=1)
    image = latentpress.decompress(_lpx(upload), layers=layers, preview=preview, look=look, threads=1)
    return _written(image, format)


def inspect(upload: Upload) -> dict[str, Any]:
    """What an .lpx file holds, JSON-able."""
    info = latentpress.inspect(_lpx(upload))
    return {**dataclasses.asdict(info), "bpp": info.bpp, "overhead_bytes": info.overhead_bytes}


def restore(upload: Upload, strength: float, quality: int | None, format: str) -> Restoration:
    """A picture that was JPEG-coded, cleaned up, as a picture file."""
    if not upload.file:
        raise InvalidInputError("the request is empty; send a picture file")
    done = latentpress.restore(upload.file, threads=1, strength=strength, quality=quality)
    return Restoration(_written(done.image, format), done.quantisation.quality, done.origin)


def codecs() -> dict[str, list[dict[str, Any]]]:
    """The codecs of `compress`, and the coders of `preview` that there are here, JSON-able."""
    own = [dataclasses.asdict(row) for row in latentpress.list_codecs()]
    return {"codecs": own, "preview": offers.describe(available().values())}


def preview(upload: Upload, wish: previews.Wish) -> dict[str, Any]:
    """Code a picture with any coder and decode it again; see `previews.preview`."""
    image = _picture(upload.file)
    return previews.preview(image, wish, _weights(upload, image))


def _picture(body: bytes) -> Image:
    """The picture in a file; its size is checked when the header is read, before the samples are."""
    if not body:
        raise InvalidInputError("the request is empty; send a picture file")
    return latentpress.read_image(io.BytesIO(body))


def _weights(upload: Upload, image: Image) -> NDArray[np.float32] | None:
    """The mask of interest in a request (white matters most), brought to the picture's size; None without one."""
    if upload.mask is None:
        return None
    mask = latentpress.read_image(io.BytesIO(upload.mask)).to_pillow().convert("L")
    weights: NDArray[np.float32] = np.asarray(mask.resize((image.width, image.height)), np.float32) / np.float32(255)
    return weights


def _lpx(upload: Upload) -> bytes:
    if not upload.file:
        raise InvalidInputError("the request is empty; send an .lpx file")
    return upload.file


def _written(image: Image, format: str) -> bytes:
    stream = io.BytesIO()
    latentpress.write_image(image, stream, format)
    return stream.getvalue()
