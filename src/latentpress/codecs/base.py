"""`Codec`: the one interface that every codec has, learned or classical, built in or from a third party."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

from latentpress.catalogue import NAMED_CODEC, number_of
from latentpress.container import Chunk, Header
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import Image
from latentpress.models import find_model, installed_models

if TYPE_CHECKING:  # training on a bare machine has no entropy coder
    from latentpress.codecs.ports import Points

__all__ = ["Codec", "Region", "check_quality"]


@dataclass(frozen=True)
class Region:
    """A part of a picture in pixels: the rectangle of ``width`` x ``height`` whose upper left corner is (x, y)."""

    x: int
    y: int
    width: int
    height: int

    @property
    def rows(self) -> slice:
        """Its rows."""
        return slice(self.y, self.y + self.height)

    @property
    def columns(self) -> slice:
        """Its columns."""
        return slice(self.x, self.x + self.width)

    @classmethod
    def like(cls, part: Any) -> Region:
        """A region, or the four whole numbers x, y, width, height; raises InvalidInputError for anything else."""
        if isinstance(part, Region):
            return part
        numbers = tuple(part) if isinstance(part, Sequence) else ()
        if len(numbers) != 4 or not all(isinstance(one, Integral) for one in numbers):
            raise InvalidInputError(f"a region is four whole numbers (x, y, width, height), not {part!r}")
        return cls(*map(int, numbers))

    def inside(self, width: int, height: int) -> Region:
        """The region itself; raises InvalidInputError unless it lies in a picture of that size and is not empty."""
        if (
            min(self.x, self.y) < 0
            or min(self.width, self.height) < 1
            or self.x + self.width > width
            or self.y + self.height > height
        ):
            raise InvalidInputError(
                f"region {self.x},{self.y},{self.width},{self.height} does not lie in a picture of {width} x {height}"
            )
        return self

    def in_units(self, unit: int) -> tuple[slice, slice]:
        """Rows and columns of the squares of ``unit`` pixels that it touches."""
        rows, columns = self.rows, self.columns
        return slice(rows.start // unit, -(-rows.stop // unit)), slice(columns.start // unit, -(-columns.stop // unit))


def check_quality(quality: float) -> float:
    """Return ``quality`` as a float; raises InvalidInputError unless it is a number in 0..100 (not NaN, not bool)."""
    # NaN fails the comparison. bool is a number to Python, but True as a quality is a mistake.
    if isinstance(quality, bool) or not isinstance(quality, Real) or not 0 <= quality <= 100:
        raise InvalidInputError(f"quality must be a number from 0 to 100, not {quality!r}")
    return float(quality)


class Codec(ABC):
    """A way to turn an `Image` into a complete ``.lpx`` file and back.

    A subclass sets the class attributes below and defines `encode`, `decode` and `config`; the first line of its
    docstring is its description in listings. Its constructor takes keyword arguments only that can stand in JSON.

    id: the name that `get_codec` and the command line know it by: 1..64 characters of a-z 0-9 . _ -.
    number: the codec's number in the file header, which the catalogue knows by its id; 255 for codecs outside
    docs/format.md, whose ``id`` is stored too.
    lossless: whether `decode` always gives back exactly what `encode` took, or with a bound that a setting names.
    takes: names of the settings that its constructor has; others are refused before it is called.
    regions: whether `encode` takes ``roi``, a `Roi`, by keyword.
    layered: whether its files are made of layers and may be cut off (`latentpress.codecs.layered`).
    graded: whether the layers are so many that a target is met by leaving some of them out.
    keeps: first bytes of the picture files that it can keep as they are (`encode_file`), empty for none.
    """

    id: ClassVar[str]
    number: ClassVar[int] = NAMED_CODEC
    lossless: ClassVar[bool] = False
    takes: ClassVar[frozenset[str]] = frozenset()
    regions: ClassVar[bool] = False
    layered: ClassVar[bool] = False
    graded: ClassVar[bool] = False
    keeps: ClassVar[bytes] = b""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "id" in vars(cls) and "number" not in vars(cls):
            cls.number = number_of(cls.id)

    @abstractmethod
    def encode(self, image: Image, quality: float = 50.0) -> bytes:
        """Compress ``image`` into a complete file: header, chunks, checksums.

        quality: 0 (smallest file) to 100 (best picture), continuous where the codec can; a lossless codec checks it
        and has no other use for it. A subclass may take more settings, by keyword and with defaults.

        Raises InvalidInputError for a setting out of range, UnsupportedError for a kind of picture not handled.
        """

    @abstractmethod
    def decode(self, data: bytes) -> Image:
        """Restore the picture from a complete file that `encode` made.

        Raises CorruptFileError for damaged data, UnsupportedError for a file of another codec, of a newer format or
        of a model that is not installed, LimitError for a picture above the limits, and nothing else.
        """

    def decode_region(self, data: bytes, region: Region) -> Image:
        """Restore a part of the picture: equal to that part of what `decode` gives, but for rounding of the last place.

        Raises as `decode` does, and InvalidInputError for a region outside the picture. A codec that can do better
        than decode the whole overrides this.
        """
        image = self.decode(data)
        region.inside(image.width, image.height)
        return Image(image.pixels[region.rows, region.columns], image.bit_depth, image.metadata)

    def exact(self, data: bytes) -> bytes:
        """SHA-256 of all integers that a file decodes to before anything is float: the same in every engine, on every
        machine. Here of its samples, as for a lossless codec. Raises as `decode` does.
        """
        image = self.decode(data)
        samples = image.pixels.astype(image.pixels.dtype.newbyteorder("<"), copy=False)
        return hashlib.sha256(repr(samples.shape).encode() + samples.tobytes()).digest()

    def trace(self, data: bytes, points: Points) -> None:
        """Decode a file and add what its stages give to ``points``, in the order of the work; what was reached before
        damage is there too. Here: its samples. Raises as `decode` does.
        """
        points.add("samples", self.decode(data).pixels)

    def encode_file(self, data: bytes) -> bytes:
        """Compress a picture file that begins with `keeps`, so that `decode_file` gives the very bytes back.

        Raises InvalidInputError for another or a damaged file, UnsupportedError for a codec that keeps none.
        """
        raise UnsupportedError(f"{self.id} keeps pictures, not their files")

    def decode_file(self, data: bytes) -> bytes:
        """The bytes of the picture file that `encode_file` kept.

        Raises as `decode` does, and UnsupportedError if it was a picture and no file.
        """
        raise UnsupportedError(f"{self.id} keeps pictures, not their files")

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """The constructor's arguments, JSON-able: ``type(self).from_config(self.config()) == self``."""

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make a codec from what `config` gave."""
        return cls(**config)

    @classmethod
    def models(cls) -> dict[str, bytes]:
        """Names of the model packages installed for this codec, each with the 8 bytes that stand for it in a header."""
        return {package.name: package.id for package in installed_models(cls.id)}

    @classmethod
    def model_name(cls, id: bytes) -> str:
        """Name of the model package with this id, empty if it is not installed."""
        try:
            return find_model(cls.id, id=id).name  # which looks no further than that one
        except UnsupportedError:
            return next((name for name, one in cls.models().items() if one == id), "")

    @classmethod
    def facts(cls, header: Header, chunks: Sequence[Chunk]) -> dict[str, str]:
        """What `inspect` shows of a file beyond its header, by name, in words; nothing is decoded for it.

        Raises CorruptFileError for chunks that break the format.
        """
        return {}

    def __reduce__(self) -> tuple[Any, ...]:
        """A codec travels as its settings: a loaded network is opened again where it arrives."""
        return type(self).from_config, (self.config(),)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.config() == other.config()

    def __hash__(self) -> int:
        return hash((type(self), repr(self)))

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.config().items())
        return f"{type(self).__name__}({arguments})"
