"""JPEG files to pixels."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from latentpress import limits
from latentpress.codecs.jpeg.colour import colour_of
from latentpress.codecs.jpeg.file import read_jpeg
from latentpress.codecs.jpeg.markers import parse
from latentpress.codecs.jpeg.pixels import picture_stages

__all__ = ["CutJpegWarning", "decode_jpeg"]


class CutJpegWarning(UserWarning):
    """A JPEG file is cut short, and what is missing of it is gray, coarse, or missing in what was made of it."""


def decode_jpeg(data: bytes) -> NDArray[np.uint8]:
    """The pixels of a JPEG file with losses, (H, W, 1) gray, (H, W, 3) RGB or (H, W, 4) CMYK as the file has it.

    They are those of libjpeg, to the bit: baseline, extended and progressive files of 8 bits a sample, Huffman-coded or
    arithmetic-coded. What is whole of a file that is cut short is decoded, with a `CutJpegWarning`.

    Raises CorruptFileError for a damaged file, UnsupportedError for kinds of JPEG that are not read, LimitError above
    `latentpress.limits`.
    """
    frame = parse(data, partial=True).frame
    limits.check(frame.width, frame.height)
    file = read_jpeg(data, partial=True)
    if not file.structure.whole:
        warnings.warn("the JPEG file is cut short: what is missing is left gray or coarse", CutJpegWarning, 2)
    tables = [plane.table for plane in file.planes]
    stages = picture_stages(frame, colour_of(file.structure), tables)
    pixels: NDArray[np.uint8] = stages.inverse([plane.coefficients for plane in file.planes])
    return pixels
