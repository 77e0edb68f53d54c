"""`Image`: the one picture type that every codec takes and returns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import InvalidInputError
from latentpress.image.metadata import NO_METADATA, Metadata

if TYPE_CHECKING:
    from PIL import Image as PillowImage

__all__ = ["Image", "Samples"]

Samples: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
"""Samples of a picture: uint8, or uint16 for 9 to 16 bits."""

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True, eq=False, repr=False)
class Image:
    """A picture as a value: gray or RGB, with or without alpha, 8 to 16 bits a sample.

    pixels: array of shape (height, width, channels), each side at least 1, C-contiguous and read-only; channels are 1
    (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGB, alpha). What is passed in is copied unless nobody else can change it, so
    an `Image` never changes; take ``image.pixels.copy()`` to edit. Sample values are display values (sRGB unless
    ``metadata`` has a colour profile), 0..2^bit_depth - 1; alpha is not premultiplied.
    bit_depth: 8 for uint8; 9..16 for uint16, where 0 stands for 16. metadata: what else the file said.

    Two images are equal if their shapes, depths and all their samples are; metadata do not count.

    Raises InvalidInputError for anything that is not such an array, or has samples above its depth.
    """

    pixels: Samples
    bit_depth: int = 0
    metadata: Metadata = NO_METADATA

    def __post_init__(self) -> None:
        pixels: Any = self.pixels
        if not isinstance(pixels, np.ndarray):
            raise InvalidInputError(f"pixels must be a NumPy array, not {type(pixels).__name__}")
        if pixels.dtype not in (np.uint8, np.uint16):
            raise InvalidInputError(f"pixels must be uint8 or uint16, not {pixels.dtype}")
        if pixels.ndim != 3 or pixels.shape[2] not in _MODES or pixels.size == 0:
            raise InvalidInputError(f"pixels must be (height, width, 1 to 4) with no empty side, not {pixels.shape}")
        if not _unchangeable(pixels):
            pixels = pixels.copy(order="C")
            pixels.flags.writeable = False
        object.__setattr__(self, "pixels", pixels)
        object.__setattr__(self, "bit_depth", _checked_depth(pixels, self.bit_depth))

    @classmethod
    def from_array(cls, array: Samples, bit_depth: int = 0) -> Image:
        """Make an image of an array of shape (H, W) or (H, W, 1 to 4); raises as the class says."""
        if isinstance(array, np.ndarray) and array.ndim == 2:
            array = array[:, :, np.newaxis]
        return cls(array, bit_depth)

    @classmethod
    def from_pillow(cls, picture: PillowImage.Image) -> Image:
        """Make an image of a Pillow picture, as its samples stand (no EXIF rotation), with its metadata.

        Palette pictures and those with a transparent colour become RGB or RGBA, black and white becomes gray, CMYK and
        YCbCr become RGB (through the colour profile of a CMYK picture, if it has one).

        Raises UnsupportedError for any other mode: floating point, 32 bits, LAB, HSV.
        """
        from latentpress.image.pillow import from_pillow

        return from_pillow(picture)

    def to_pillow(self) -> PillowImage.Image:
        """The picture as a new Pillow image of mode L, LA, RGB or RGBA, or I;16 for deep gray, with its metadata in
        ``info``.

        Raises UnsupportedError for deep colour and deep alpha, which Pillow does not have: see `to_depth`.
        """
        from latentpress.image.pillow import to_pillow

        return to_pillow(self)

    def to_depth(self, bit_depth: int) -> Image:
        """The picture with another number of bits a sample, 8 or 9..16: values scaled to the new range, rounded."""
        if bit_depth == self.bit_depth:
            return self
        if isinstance(bit_depth, bool) or bit_depth not in range(8, 17):
            raise InvalidInputError(f"bit depth must be 8 to 16, not {bit_depth!r}")
        old, new = self.peak, 2**bit_depth - 1
        scaled = (self.pixels.astype(np.uint64 if old * new > 2**31 else np.uint32) * (2 * new) + old) // (2 * old)
        return Image(scaled.astype(np.uint8 if bit_depth == 8 else np.uint16), bit_depth, self.metadata)

    def with_metadata(self, metadata: Metadata) -> Image:
        """The same samples with other metadata."""
        return replace(self, metadata=metadata)

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
        """1 for gray, 2 for gray and alpha, 3 for RGB, 4 for RGB and alpha."""
        return int(self.pixels.shape[2])

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return self.channels in (2, 4)

    @property
    def peak(self) -> int:
        """The largest value of a sample: 255 for 8 bits."""
        return int(2**self.bit_depth - 1)

    @property
    def mode(self) -> str:
        """Pillow's name of the channels: ``"L"``, ``"LA"``, ``"RGB"`` or ``"RGBA"``."""
        return _MODES[self.channels]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Image):
            return NotImplemented
        return self.bit_depth == other.bit_depth and np.array_equal(self.pixels, other.pixels)

    # Equal by value but too large to hash cheaply: like an array, an image is no dictionary key.
    __hash__ = None  # type: ignore[assignment]  # equal by value of arrays, so not a key

    def __repr__(self) -> str:
        return f"<Image {self.width}x{self.height} {self.mode} {self.bit_depth}-bit>"


def _unchangeable(pixels: NDArray[Any]) -> bool:
    """Whether an array can be kept without a copy: contiguous, read-only, its memory its own or that of bytes."""
    if pixels.flags.writeable or not pixels.flags.c_contiguous:
        return False
    base: Any = pixels
    while isinstance(base, np.ndarray) and base.base is not None:
        base = base.base
        if isinstance(base, np.ndarray) and base.flags.writeable:
            return False
    return isinstance(base, np.ndarray | bytes)


def _checked_depth(pixels: NDArray[Any], bit_depth: int) -> int:
    """The depth that is meant, or InvalidInputError."""
    allowed = (8,) if pixels.dtype == np.uint8 else range(9, 17)
    depth = bit_depth or allowed[-1]
    if isinstance(bit_depth, bool) or depth not in allowed:
        raise InvalidInputError(f"{pixels.dtype} samples have {allowed[0]} to {allowed[-1]} bits, not {bit_depth!r}")
    if depth < 16 and depth > 8 and int(pixels.max()) >= 2**depth:
        raise InvalidInputError(f"a sample of {int(pixels.max())} does not fit into {depth} bits")
    return depth
