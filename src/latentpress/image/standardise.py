"""Bring pictures to one size and colour space: 8-bit sRGB or gray, without alpha and without metadata."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageCms, ImageColor, ImageOps

from latentpress.errors import InvalidInputError
from latentpress.image.image import Image

__all__ = ["Standard"]

_FILTER = PillowImage.Resampling.LANCZOS


@dataclass(frozen=True)
class Standard:
    """What pictures are to become: ``Standard(width=512, height=512)(image)``.

    width, height: size in pixels, both or none. fit: how a picture of another shape gets there: ``crop`` its longer
    side at both ends, or ``pad`` its shorter one with the background. max_side: instead, the longer side's upper
    limit in pixels; smaller pictures stay as they are. colour: ``rgb`` (sRGB) or ``gray`` (its luma, ITU-R BT.601).
    background: a CSS colour, what shows behind transparent parts and in the padding.

    A picture goes through its embedded colour profile, is put on the background, then resized with a Lanczos filter
    (support 3, widened when scaling down) on display values. Deeper samples are rounded to 8 bits first.

    Raises InvalidInputError for sizes that are not possible or do not go together, and for an unknown colour.
    """

    width: int | None = None
    height: int | None = None
    max_side: int | None = None
    fit: Literal["crop", "pad"] = "crop"
    colour: Literal["rgb", "gray"] = "rgb"
    background: str = "white"

    def __post_init__(self) -> None:
        if (self.width is None) != (self.height is None):
            raise InvalidInputError("width and height go together; give both, or max_side")
        if self.width is not None and self.max_side is not None:
            raise InvalidInputError("give width and height, or max_side, not all of them")
        for name in ("width", "height", "max_side"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not 1 <= value <= 65535):
                raise InvalidInputError(f"{name} must be 1 to 65535 pixels, not {value!r}")
        if self.fit not in ("crop", "pad") or self.colour not in ("rgb", "gray"):
            raise InvalidInputError(f"fit is crop or pad, colour is rgb or gray, not {self.fit!r} and {self.colour!r}")
        self._background()

    def __call__(self, image: Image) -> Image:
        """The picture as it should be: uint8, 3 channels or 1."""
        picture = self._flattened(image.to_depth(8))
        if self.colour == "gray":
            picture = picture.convert("L")
        if self.width is not None and self.height is not None:
            size = (self.width, self.height)
            if picture.size != size and self.fit == "crop":
                picture = ImageOps.fit(picture, size, _FILTER)
            elif picture.size != size:
                picture = ImageOps.pad(picture, size, _FILTER, color=self._background(picture.mode))
        elif self.max_side is not None and max(picture.size) > self.max_side:
            scale = self.max_side / max(picture.size)
            width, height = (max(1, round(side * scale)) for side in picture.size)
            picture = picture.resize((width, height), _FILTER)
        return Image.from_array(np.asarray(picture))

    def _flattened(self, image: Image) -> PillowImage.Image:
        """The picture in sRGB on the background."""
        colours = image.pixels[:, :, 0] if image.channels < 3 else image.pixels[:, :, :3]
        picture = _in_srgb(PillowImage.fromarray(colours), image.metadata.icc)
        if not image.has_alpha:
            return picture
        behind = PillowImage.new("RGB", picture.size, self._background())
        behind.paste(picture, mask=PillowImage.fromarray(image.pixels[:, :, -1]))
        return behind

    def _background(self, mode: str = "RGB") -> int | tuple[int, ...]:
        try:
            return ImageColor.getcolor(self.background, mode)
        except ValueError:
            raise InvalidInputError(
                f"background must be a colour such as white or #8080ff, not {self.background!r}"
            ) from None


def _in_srgb(picture: PillowImage.Image, profile: bytes) -> PillowImage.Image:
    """Gray or RGB to sRGB through a colour profile; without a profile that fits, samples are taken for sRGB."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            found = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            found = None  # a broken profile is as good as none
        if found is not None:
            return found
    return picture.convert("RGB")
