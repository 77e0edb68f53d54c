"""What a picture file says about its picture beside the samples: colour profile, EXIF, XMP."""

from __future__ import annotations

from dataclasses import dataclass

from latentpress.errors import InvalidInputError

__all__ = ["NO_METADATA", "Metadata"]


@dataclass(frozen=True)
class Metadata:
    """Blocks of bytes that travel with a picture, each empty if there is none.

    icc: colour profile; without one, colours are sRGB. exif: a TIFF structure as in a JPEG's APP1 segment, without
    ``Exif\\0\\0`` before it. xmp: an XML packet.

    Raises InvalidInputError for a block that is no bytes.
    """

    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""

    def __post_init__(self) -> None:
        for name in ("icc", "exif", "xmp"):
            if not isinstance(getattr(self, name), bytes):
                raise InvalidInputError(f"{name} must be bytes, not {type(getattr(self, name)).__name__}")

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.icc or self.exif or self.xmp)

    def __repr__(self) -> str:
        return f"Metadata(icc={len(self.icc)} bytes, exif={len(self.exif)} bytes, xmp={len(self.xmp)} bytes)"


NO_METADATA = Metadata()
"""No metadata at all."""
