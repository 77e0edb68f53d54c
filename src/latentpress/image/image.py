"""`Image`: the one picture type that every codec takes and returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import InvalidInputError, UnsupportedError

if TYPE_CHECKING:
    from PIL import Image as PillowImage

__all__ = ["Image"]

_MODES = {1: "L", 3: "RGB"}


@dataclass(frozen=True, eq=False, repr=False)
class Image:
    """A picture as a value: gray (1 channel) or RGB (3 channels), 8 bits a sample.

    pixels: uint8 array of shape (height, width, channels), each side at least 1, C-contiguous and read-only. What is
    passed in is copied unless it already is such an array that owns its memory, so an `Image` never changes; take
    ``image.pixels.copy()`` to edit. Sample values are display values (sRGB unless the file says otherwise), 0..255.

    Two images are equal if their shapes and all their samples are.

    Raises InvalidInputError for anything that is not such an array, UnsupportedError for 16-bit samples and for a
    second or fourth channel (alpha).
    """

    pixels: NDArray[np.uint8]

    def __post_init__(self) -> None:
        pixels: Any = self.pixels
        if not isinstance(pixels, np.ndarray):
            raise InvalidInputError(f"pixels must be a NumPy array, not {type(pixels).__name__}")
        if pixels.dtype == np.uint16:
            raise UnsupportedError("16-bit samples are not supported yet; scale the array to uint8 first")
        if pixels.dtype != np.uint8:
            raise InvalidInputError(f"pixels must be uint8 with values 0..255, not {pixels.dtype}")
        if pixels.ndim != 3:
            raise InvalidInputError(f"pixels must have the shape (height, width, channels), not {pixels.shape}")
        if pixels.shape[2] in (2, 4):
            raise UnsupportedError(f"alpha is not supported yet: got {pixels.shape[2]} channels, give 1 or 3")
        if pixels.shape[2] not in _MODES or pixels.size == 0:
            raise InvalidInputError(f"pixels must be (height, width, 1 or 3) with no empty side, not {pixels.shape}")
        if pixels.flags.writeable or not (pixels.flags.owndata and pixels.flags.c_contiguous):
            pixels = pixels.copy(order="C")
            pixels.flags.writeable = False
        object.__setattr__(self, "pixels", pixels)

    @classmethod
    def from_array(cls, array: NDArray[np.uint8]) -> Image:
        """Make an image of a uint8 array of shape (H, W), (H, W, 1) or (H, W, 3); raises as the class says."""
        if isinstance(array, np.ndarray) and array.ndim == 2:
            array = array[:, :, np.newaxis]
        return cls(array)

    @classmethod
    def from_pillow(cls, picture: PillowImage.Image) -> Image:
        """Make an image of a Pillow picture of mode L or RGB, as its samples stand (no EXIF rotation).

        Raises UnsupportedError for any other mode, and for a transparent colour key.
        """
        if picture.mode not in _MODES.values():
            raise UnsupportedError(f"pixel mode {picture.mode} is not supported yet; convert the picture to L or RGB")
        if "transparency" in picture.info:
            raise UnsupportedError("transparency is not supported yet; flatten the picture to L or RGB")
        return cls.from_array(np.asarray(picture))

    def to_pillow(self) -> PillowImage.Image:
        """The picture as a new Pillow image of mode L or RGB."""
        from PIL import Image as PillowImage

        return PillowImage.fromarray(self.pixels if self.channels == 3 else self.pixels[:, :, 0])

    @property
    def width(self) -> int:
        """Samples in a row."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def channels(self) -> int:
        """1 for gray, 3 for RGB."""
        return int(self.pixels.shape[2])

    @property
    def bit_depth(self) -> int:
        """Bits a sample: 8."""
        return 8 * self.pixels.itemsize

    @property
    def mode(self) -> str:
        """Pillow's name of the pixel layout: ``"L"`` or ``"RGB"``."""
        return _MODES[self.channels]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Image):
            return NotImplemented
        return np.array_equal(self.pixels, other.pixels)

    # Equal by value but too large to hash cheaply: like an array, an image is no dictionary key.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Image {self.width}x{self.height} {self.mode} {self.bit_depth}-bit>"
