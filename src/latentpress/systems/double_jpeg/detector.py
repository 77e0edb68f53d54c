"""What a JPEG file says about its past."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg import JpegFile
from latentpress.codecs.jpeg import read_jpeg as read_coefficients
from latentpress.errors import CorruptFileError
from latentpress.models import find_model
from latentpress.restoration import Quantisation, estimate_coding, read_jpeg
from latentpress.systems.double_jpeg.features import FEATURES, transitions
from latentpress.systems.double_jpeg.first import first_quality
from latentpress.systems.double_jpeg.layout import ANCHORS, REACH
from latentpress.transforms.blocks import zigzag

__all__ = ["Detector", "JpegPast", "examine", "luma_of"]

_LEAST = 0.02  # nats a coefficient that speak for a first quality; drawings that the machines take for double lack them
_CONVINCING = 0.06  # photographs compressed once reach 0.056 with a wrong quality
_SUBSAMPLINGS = {(1, 1): "4:4:4", (1, 2): "4:2:2", (2, 2): "4:2:0", (2, 1): "4:4:0", (1, 4): "4:1:1"}
_SMALLEST = 16  # blocks a side: a chain needs a few thousand coefficients


@dataclass(frozen=True)
class JpegPast:
    """``width``, ``height``: pixels, not turned upright; ``components``: 1 or 3. ``kind``: baseline or progressive;
    ``subsampling``: of chroma, as in 4:2:0. ``quality``: the libjpeg quality next to the file's luma table;
    ``standard``: whether the tables are libjpeg's. ``twice``: whether the file was compressed before, None where that
    cannot be told (too small, or a quality that the detector was not made for). ``score``: of the detector, above 0 for
    twice; None with it. ``first_quality``: of the compression before, None if unknown. ``offset``: rows and columns
    0..7 before the first whole block of that compression; (0, 0) for the grid of the file.
    """

    width: int
    height: int
    components: int
    kind: str
    subsampling: str
    quality: int
    standard: bool
    twice: bool | None
    score: float | None
    first_quality: int | None
    offset: tuple[int, int]

    @property
    def words(self) -> str:
        """Of the past, for people."""
        if self.twice is None:
            return "cannot be told (too small, or of too low a quality)"
        if not self.twice:
            return "no sign of a compression before this one"
        quality = "quality unknown" if self.first_quality is None else f"first at about quality {self.first_quality}"
        grid = f", {self.offset[0]} rows and {self.offset[1]} columns off this grid" if any(self.offset) else ""
        return f"compressed twice, {quality}{grid}"


class Detector:
    """The linear machines of a model package: ``Detector(model="double-jpeg-1")``.

    model: name or folder of a package, None for the default. Raises UnsupportedError if it is not installed,
    CorruptFileError if it is damaged.
    """

    def __init__(self, model: str | None = None) -> None:
        self.package = find_model("double-jpeg", name=model)
        tables = self.package.tables
        try:
            self._weights, self._offsets = tables["weights"].astype(np.float32), tables["offsets"].astype(np.float32)
        except KeyError as error:
            raise CorruptFileError(f"model package {self.package.folder} is no detector: it lacks {error}") from None
        if self._weights.shape != (len(ANCHORS), FEATURES) or self._offsets.shape != (len(ANCHORS),):
            raise CorruptFileError(f"model package {self.package.folder} is no detector of this version")

    def judge(self, levels: NDArray[np.int16], quantisation: Quantisation) -> tuple[float | None, int | None]:
        """Luma coefficients (rows, columns, 8, 8) of a file of this quantisation: the score, above 0 if they were
        quantised before by larger steps in the same grid, and then the quality of that if it can be told.

        The score is that of the linear machine of the nearest quality, made negative where no first quality explains
        the coefficients better than none. None for qualities under the lowest and pictures under 16 blocks a side.
        """
        quality = quantisation.quality
        if min(levels.shape[:2]) < _SMALLEST or quality < ANCHORS[0] - REACH:
            return None, None
        index = int(np.argmin(np.abs(np.array(ANCHORS) - quality)))
        score = float(self._weights[index] @ transitions(levels) + self._offsets[index])
        if score <= 0:
            return score, None
        first, likelihood = first_quality(levels, quantisation.luma)
        if first >= quality or likelihood < _LEAST:
            return -score, None
        return score, first if likelihood > _CONVINCING else None


def examine(data: bytes, detector: Detector | None = None) -> JpegPast:
    """Look at how often, and how, the picture of a JPEG file was compressed.

    A compression in the same block grid, at a quality below the file's, is found by the detector, and its quality by
    likelihood; one in a grid that lies elsewhere by `latentpress.restoration.estimate_coding`. What leaves no trace,
    such as a first quality well above the file's, is not found.

    Raises InvalidInputError and CorruptFileError for a damaged file, UnsupportedError for kinds of JPEG that are not
    read.
    """
    picture = read_jpeg(data)
    own = picture.quantisation
    file = read_coefficients(data)
    levels = luma_of(file)
    score, first = (detector or Detector()).judge(levels, own)
    twice, offset = None if score is None else score > 0, (0, 0)
    if not twice:
        found = estimate_coding(picture.pixels)
        if found is not None and (found.phase[0] % 8, found.phase[1] % 8) != (0, 0):
            twice, first, offset = True, found.quality, (found.phase[0] % 8, found.phase[1] % 8)
    height, width, components = picture.pixels.shape
    return JpegPast(
        width=width,
        height=height,
        components=components,
        kind="progressive" if file.frame.progressive else "baseline",
        subsampling="4:0:0" if components == 1 else _SUBSAMPLINGS.get(own.subsampling, "unusual"),
        quality=own.quality,
        standard=own.standard,
        twice=twice,
        score=score,
        first_quality=first,
        offset=offset,
    )


def luma_of(file: JpegFile) -> NDArray[np.int16]:
    """The luma coefficients, (rows, columns, 8, 8), vertical frequency first."""
    zigzagged = file.planes[0].coefficients
    levels = np.empty_like(zigzagged)
    levels[:, :, zigzag(8)] = zigzagged
    return levels.reshape(*levels.shape[:2], 8, 8)
