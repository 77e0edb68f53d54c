"""Reading a JPEG for restoration: samples as they stand in the file's block grid, and how they were quantised."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageOps, JpegImagePlugin

from latentpress import limits
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import Image
from latentpress.image.pillow import from_pillow, metadata_of
from latentpress.restoration.tables import Quantisation

__all__ = ["JpegPicture", "is_jpeg", "native_planes", "read_jpeg"]

_KINDS = ("JPEG", "MPO")
_ORIENTATION = 0x0112


@dataclass(frozen=True, eq=False)
class JpegPicture:
    """``pixels``: (H, W, 3) RGB or (H, W, 1) gray uint8 as decoded, not turned by the EXIF orientation: the 8x8 blocks
    begin at the first sample. ``quantisation``: tables and subsampling of the file. ``data``: the file.
    """

    pixels: NDArray[np.uint8]
    quantisation: Quantisation
    data: bytes

    def with_pixels(self, pixels: NDArray[np.uint8]) -> Image:
        """A picture of these samples with the file's colour profile, EXIF and XMP, turned upright."""
        with _open(self.data) as source:
            info = dict(source.info)
            if source.getexif().get(_ORIENTATION, 1) == 1:  # as it is, without the copies below
                return Image(pixels, metadata=metadata_of(source))
        picture = PillowImage.fromarray(pixels if pixels.shape[2] > 1 else pixels[:, :, 0])
        picture.info.update(info)
        ImageOps.exif_transpose(picture, in_place=True)
        return from_pillow(picture)


def is_jpeg(data: bytes) -> bool:
    """Whether the bytes begin like a JPEG file."""
    return data[:3] == b"\xff\xd8\xff"


def read_jpeg(data: bytes) -> JpegPicture:
    """Decode a JPEG file. A multi-picture file gives its first picture.

    Raises InvalidInputError for a damaged file, UnsupportedError for CMYK and other colour than gray and YCbCr,
    LimitError above `latentpress.limits`.
    """
    with _open(data) as picture:
        limits.check(picture.width, picture.height)
        if picture.mode not in ("L", "RGB") or picture.info.get("adobe_transform", 1) == 0:
            raise UnsupportedError("only gray and YCbCr JPEG files can be restored; convert CMYK and RGB ones first")
        tables = {number: np.array(steps).reshape(8, 8) for number, steps in picture.quantization.items()}
        layers = [(horizontal, vertical, table) for _, horizontal, vertical, table in picture.layer]
        try:
            picture.load()
        except (OSError, SyntaxError, ValueError) as error:
            raise InvalidInputError(f"the JPEG file is damaged: {' '.join(str(error).split())}") from None
        pixels = np.asarray(picture)
    try:
        luma, chroma = tables[layers[0][2]], tables[layers[-1][2]]
    except KeyError:
        raise InvalidInputError("the JPEG file is damaged: a quantisation table is missing") from None
    if min(luma.min(), chroma.min()) < 1:
        raise InvalidInputError("the JPEG file is damaged: a quantisation step of 0")
    subsampling = (max(1, layers[0][1] // layers[-1][1]), max(1, layers[0][0] // layers[-1][0]))
    if len(layers) == 1:
        pixels, subsampling = pixels[:, :, np.newaxis], (1, 1)
    return JpegPicture(pixels, Quantisation(luma, chroma, subsampling), data)


def native_planes(picture: JpegPicture) -> list[NDArray[np.uint8]]:
    """The components as the file stores them: Y at full resolution, then Cb and Cr at theirs, none of it converted.

    Chroma of 4:2:0 comes from a second decoding at half scale, which shows luma smaller but needs no up-sampling for
    chroma (its 8x8 transform is run whole). Of other subsamplings only 4:4:4 gives chroma; else Y comes alone.
    """
    if picture.pixels.shape[2] == 1:
        return [picture.pixels[:, :, 0]]
    with _open(picture.data) as source:
        source.draft("YCbCr", source.size)
        full = np.asarray(source)
    if picture.quantisation.subsampling == (1, 1):
        return [full[:, :, c] for c in range(3)]
    luma = full[:, :, 0].copy()
    if picture.quantisation.subsampling != (2, 2):
        return [luma]
    del full
    with _open(picture.data) as source:
        width, height = source.size
        source.draft("YCbCr", (max(1, width // 2), max(1, height // 2)))  # rounded down, or Pillow takes full scale
        half = np.asarray(source)
    if half.shape[:2] != (-(-height // 2), -(-width // 2)):  # of one row or column: nothing whole to hold
        return [luma]
    return [luma, half[:, :, 1], half[:, :, 2]]


def _open(data: bytes) -> JpegImagePlugin.JpegImageFile:
    allowed, PillowImage.MAX_IMAGE_PIXELS = PillowImage.MAX_IMAGE_PIXELS, None
    try:
        picture = PillowImage.open(io.BytesIO(data), formats=_KINDS)
    except Exception as error:  # a damaged head makes Pillow raise almost anything
        raise InvalidInputError(f"the JPEG file is damaged: {' '.join(str(error).split())}") from None
    finally:
        PillowImage.MAX_IMAGE_PIXELS = allowed
    assert isinstance(picture, JpegImagePlugin.JpegImageFile)
    return picture
