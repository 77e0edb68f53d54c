"""The ``.lpx`` file: header, chunks, checksums, limits. docs/format.md is the specification.

Standard library only, and nothing here knows how a codec works: a codec hands over a `Header` and `Chunk` payloads and
gets them back, checked.
"""

from __future__ import annotations

from latentpress.container.cut import keep_layers
from latentpress.container.layers import CutFileWarning, layers_of
from latentpress.container.layout import (
    ALPHA,
    DISPLAY,
    EXIF,
    ICC,
    INTEREST,
    LAYER,
    MAGIC,
    MOSAIC,
    NAMED_CODEC,
    SEALED,
    STREAM,
    TILES,
    VERSION,
    XMP,
    Chunk,
    Header,
    Limits,
)
from latentpress.container.reader import read, read_header, scan
from latentpress.container.writer import header_bytes, write

__all__ = [
    "ALPHA",
    "DISPLAY",
    "EXIF",
    "ICC",
    "INTEREST",
    "LAYER",
    "MAGIC",
    "MOSAIC",
    "NAMED_CODEC",
    "SEALED",
    "STREAM",
    "TILES",
    "VERSION",
    "XMP",
    "Chunk",
    "CutFileWarning",
    "Header",
    "Limits",
    "header_bytes",
    "keep_layers",
    "layers_of",
    "read",
    "read_header",
    "scan",
    "write",
]
