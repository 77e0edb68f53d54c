"""What a picture file says about its picture beside the samples: colour profile, EXIF, XMP, how to show it."""

from __future__ import annotations

from dataclasses import dataclass

from latentpress.errors import InvalidInputError

__all__ = ["NO_METADATA", "Metadata"]


@dataclass(frozen=True)
class Metadata:
    """Blocks of bytes that travel with a picture, each empty if there is none.

    icc: colour profile; without one, colours are sRGB. exif: a TIFF structure as in a JPEG's APP1 segment, without
    ``Exif\\0\\0`` before it. xmp: an XML packet. display: colour space, gamma and density as PNG chunks
    (`latentpress.image.display`).

    Raises InvalidInputError for a block that is no bytes.
    """

    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    display: bytes = b""

    def __post_init__(self) -> None:
        for name in ("icc", "exif", "xmp", "display"):
            if not isinstance(getattr(self, name), bytes):
                raise InvalidInputError(f"{name} must be bytes, not {type(getattr(self, name)).__name__}")

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.icc or self.exif or self.xmp or self.display)

    def __repr__(self) -> str:
        sizes = (f"{name}={len(getattr(self, name))} bytes" for name in ("icc", "exif", "xmp", "display"))
        return f"Metadata({', '.join(sizes)})"


NO_METADATA = Metadata()
"""No metadata at all."""
