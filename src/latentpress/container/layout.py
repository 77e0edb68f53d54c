"""What an ``.lpx`` file is made of: the constants of the byte layout, `Header`, `Chunk` and the reader's `Limits`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

from latentpress import limits
from latentpress.catalogue import NAMED_CODEC
from latentpress.container import varint
from latentpress.errors import InvalidInputError, UnsupportedError

__all__ = [
    "ALPHA",
    "ANCILLARY_BIT",
    "CHANNEL_BITS",
    "CRITICAL_KINDS",
    "DEEP_BIT",
    "DISPLAY",
    "EXIF",
    "ICC",
    "INTEREST",
    "KIND_MASK",
    "LAST_BIT",
    "LAYER",
    "LAYERED_BIT",
    "MAGIC",
    "MAX_RATE",
    "MODEL_BYTES",
    "MOSAIC",
    "NAMED_CODEC",
    "SEALED",
    "STREAM",
    "TILES",
    "VERSION",
    "XMP",
    "BytesLike",
    "Chunk",
    "Header",
    "Limits",
    "check_codec_name",
]

BytesLike: TypeAlias = bytes | bytearray | memoryview

MAGIC = b"\x8fLPX\r\n"
"""First six bytes. The first is no ASCII and no valid UTF-8 start; a copy in text mode breaks the line end."""

VERSION = (1, 0)
"""(major, minor) that this library writes. It reads every minor of the same major."""

STREAM = 1
"""Chunk kind: the entropy-coded symbols of the picture."""

ALPHA, ICC, EXIF, XMP = 2, 3, 4, 5
"""Chunk kinds: alpha (critical); colour profile, EXIF and XMP (ancillary)."""

TILES = 6
"""Chunk kind: how the symbols are cut into tiles (critical)."""

MOSAIC = 7
"""Chunk kind: the pattern of colour filters of a gray picture that is the raw mosaic of a camera (critical)."""

INTEREST = 8
"""Chunk kind: where a lossy picture is quantised more finely than its rate says (critical)."""

LAYER = 9
"""Chunk kind: a layer of a progressive codec, which is a finer picture of all before it (critical). Layers are the last
chunks of a file, and its end may be cut off.
"""

DISPLAY = 10
"""Chunk kind: colour space, gamma and density, as PNG chunks (ancillary)."""

SEALED = 11
"""Chunk kind: a whole file, encrypted; the only chunk of its own (critical)."""

CRITICAL_KINDS = (STREAM, ALPHA, TILES, MOSAIC, INTEREST, LAYER, SEALED)
"""Kinds without which the picture is not right; every other kind that is written is ancillary."""

MODEL_BYTES = 8
MAX_RATE = 0xFFFF
ANCILLARY_BIT = 0x80
LAST_BIT = 0x40
KIND_MASK = 0x3F
CHANNEL_BITS = 0x03
DEEP_BIT = 0x04
LAYERED_BIT = 0x08

_CODEC_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
_MODEL_NONE = bytes(MODEL_BYTES)


def check_codec_name(name: str) -> bool:
    """Whether ``name`` may stand in a header: 1..64 characters of a-z 0-9 . _ -, starting with a letter or digit."""
    return _CODEC_NAME.fullmatch(name) is not None


@dataclass(frozen=True)
class Header:
    """What must be known before the first chunk is decoded.

    codec: number of the codec, 1..255 (table in docs/format.md). codec_name: set if and only if ``codec`` is 255.
    model: first 8 bytes of the SHA-256 of the model package; zeros for a codec without a model.
    width, height: of the picture, 1..2^31-1. channels: 1 (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGB, alpha).
    bit_depth: 8..16.
    rate: the codec's own rate index, 0..65535. layered: whether the file is made of layers, so that its end may be cut
    off; rate is then how many there are, at least 1. version: (major, minor) of the format.

    Raises InvalidInputError for a value out of range, UnsupportedError for another version of the format.
    """

    codec: int
    model: bytes
    width: int
    height: int
    channels: int
    rate: int
    bit_depth: int = 8
    codec_name: str = ""
    layered: bool = False
    version: tuple[int, int] = VERSION

    def __post_init__(self) -> None:
        if not 1 <= self.codec <= NAMED_CODEC:
            raise InvalidInputError(f"codec number must be 1..{NAMED_CODEC}, not {self.codec}")
        if (self.codec == NAMED_CODEC) != bool(self.codec_name):
            raise InvalidInputError(f"a codec name belongs to codec number {NAMED_CODEC} and to no other")
        if self.codec_name and not check_codec_name(self.codec_name):
            raise InvalidInputError(f"codec name {self.codec_name!r} must be 1..64 characters of a-z 0-9 . _ -")
        if len(self.model) != MODEL_BYTES:
            raise InvalidInputError(f"model must be {MODEL_BYTES} bytes, not {len(self.model)}")
        if not (1 <= self.width <= varint.MAX_VALUE and 1 <= self.height <= varint.MAX_VALUE):
            raise InvalidInputError(f"picture sides must be 1..{varint.MAX_VALUE}, not {self.width} x {self.height}")
        if self.channels not in (1, 2, 3, 4):
            raise InvalidInputError(f"channels must be 1 to 4, not {self.channels}")
        if not 8 <= self.bit_depth <= 16:
            raise InvalidInputError(f"bits a sample must be 8 to 16, not {self.bit_depth}")
        if not 0 <= self.rate <= MAX_RATE:
            raise InvalidInputError(f"rate index must be 0..{MAX_RATE}, not {self.rate}")
        if self.layered and not self.rate:
            raise InvalidInputError("a file of layers has at least one")
        if self.version[0] != VERSION[0] or not 0 <= self.version[1] <= 15:
            raise UnsupportedError(f"format version {self.version[0]}.{self.version[1]} is not supported")

    @property
    def has_model(self) -> bool:
        """Whether the codec names a model package."""
        return self.model != _MODEL_NONE


@dataclass(frozen=True)
class Chunk:
    """A piece of an ``.lpx`` file.

    kind: 1..63, `STREAM` or one of the reserved numbers of docs/format.md. payload: its bytes.
    ancillary: whether a reader that does not know ``kind`` may skip the chunk and still show the right picture.

    Raises InvalidInputError for a kind out of range and for an ancillary one of `CRITICAL_KINDS`.
    """

    kind: int
    payload: bytes
    ancillary: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.kind <= KIND_MASK:
            raise InvalidInputError(f"chunk kind must be 1..{KIND_MASK}, not {self.kind}")
        if self.kind in CRITICAL_KINDS and self.ancillary:
            raise InvalidInputError(f"a chunk of kind {self.kind} cannot be ancillary")


@dataclass(frozen=True)
class Limits:
    """The largest file that a reader accepts; anything above raises LimitError before memory is taken for it.

    max_pixels: width times height. max_side: the longer side. max_chunk_bytes: payload of a chunk. max_chunks: their
    number. The defaults for pixels and side are those of `latentpress.limits` at the time.
    """

    max_pixels: int = field(default_factory=lambda: limits.MAX_PIXELS)
    max_side: int = field(default_factory=lambda: limits.MAX_SIDE)
    max_chunk_bytes: int = 2**30
    max_chunks: int = 1024
