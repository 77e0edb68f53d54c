"""Pictures: the `Image` value, reading and writing picture files, and turning other objects into an `Image`."""

from __future__ import annotations

from latentpress.image.convert import ImageSource, as_image
from latentpress.image.files import FirstFrameWarning, LostMetadataWarning, read, read_frames, write
from latentpress.image.image import Image, Samples
from latentpress.image.metadata import NO_METADATA, Metadata

__all__ = [
    "NO_METADATA",
    "FirstFrameWarning",
    "Image",
    "ImageSource",
    "LostMetadataWarning",
    "Metadata",
    "Samples",
    "as_image",
    "read",
    "read_frames",
    "write",
]
