"""What a job does with each file: compress, decompress, standardise. Each is a value that pickles."""

from __future__ import annotations

import functools
import inspect
import io
import threading
import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

import latentpress
from latentpress import limits
from latentpress._extras import needs_extra
from latentpress.codecs import registry
from latentpress.codecs.base import Codec, check_quality
from latentpress.codecs.targets import Bpp, FileSize, MsSsim, Psnr, psnr_of
from latentpress.container import NAMED_CODEC, read_header
from latentpress.errors import InvalidInputError
from latentpress.image import FirstFrameWarning, Image, Metadata, read
from latentpress.image.endings import PICTURES, encode_picture
from latentpress.image.standardise import Standard
from latentpress.jobs.listing import LPX
from latentpress.jobs.stores import Source
from latentpress.models import find_model
from latentpress.models.package import CARD

__all__ = ["Compress", "Decompress", "Made", "Standardise", "Work"]

_BLACK = np.zeros((1, 1, 3), np.uint8)
_TARGETS = {"bpp": Bpp, "size": FileSize, "psnr": Psnr, "ms_ssim": MsSsim}

# warnings.catch_warnings changes global state, and the workers of a cluster may have several threads.
_warnings_lock = threading.Lock()


def _most_pixels() -> int:
    return limits.MAX_PIXELS


@dataclass(frozen=True)
class Made:
    """What became of a file. data: the result. psnr: in dB, if it was asked for, infinite for equal pictures.
    warnings: one line each.
    """

    data: bytes
    psnr: float | None = None
    warnings: tuple[str, ...] = ()


class Work(ABC):
    """Makes the result of one file. name: of the command. reads: endings of the files that it takes."""

    name: ClassVar[str]
    reads: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def ending(self) -> str:
        """The ending of results, with its dot."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Everything that the results depend on, JSON-able."""

    @abstractmethod
    def check(self) -> None:
        """Raise LatentPressError for settings that would fail with every file."""

    @abstractmethod
    def __call__(self, source: Source) -> Made:
        """Do it, on one thread. Raises LatentPressError, or what a third party's codec raises."""


@dataclass(frozen=True)
class Compress(Work):
    """Pictures to ``.lpx`` files; the settings are those of `latentpress.compress`.

    codec: ``auto`` is ``hyperprior``, or ``mlp-lossless`` for lossless and max_error. model: of the codec, a name or
    the path of a package's folder. strip: leave metadata out. verify: decode each file before it is written, for its
    PSNR. threads: for one picture; there are as many workers as cores. max_pixels: the largest picture to accept.
    """

    codec: str = "auto"
    model: str | None = None
    quality: float | None = None
    bpp: float | None = None
    size: float | None = None
    psnr: float | None = None
    ms_ssim: float | None = None
    lossless: bool = False
    max_error: int = 0
    mosaic: str | None = None
    effort: int = 1
    tune: str = "mse"
    strip: bool = False
    verify: bool = False
    threads: int = 1
    max_pixels: int = field(default_factory=_most_pixels)

    name = "compress"
    reads = PICTURES
    ending = ".lpx"

    def __post_init__(self) -> None:
        if self.codec == "auto":
            lossless = self.lossless or self.max_error or self.mosaic
            object.__setattr__(self, "codec", "mlp-lossless" if lossless else "hyperprior")
        # Workers may stand in another folder than we do.
        if self.model is not None and (Path(self.model) / CARD).is_file():
            object.__setattr__(self, "model", str(Path(self.model).resolve()))

    def settings(self) -> dict[str, Any]:
        """See `Work.settings`. A model of ours is told by its id: a better one of the same name is another one."""
        cls = registry.codec_class(self.codec)
        given: dict[str, Any] = self._given() or {"quality": 50.0}
        if self.lossless or self.max_error:
            given = {"max_error": self.max_error, "mosaic": self.mosaic}
        model = self.model or ""
        if cls.number != NAMED_CODEC and "model" in inspect.signature(cls).parameters:
            model = find_model(self.codec, name=self.model).id.hex()
        made = {"effort": self.effort, "tune": self.tune, "strip": self.strip}
        return {"codec": self.codec, "model": model, **given, **made}

    def check(self) -> None:
        """See `Work.check`."""
        coder = self._coder()
        given = self._given()
        if len(given) > 1:
            raise InvalidInputError(f"give one of {', '.join(given)}, not {len(given)} of them")
        if self.mosaic is not None and not (self.lossless or self.max_error):
            raise InvalidInputError("a mosaic is coded without loss, or with a bound on its errors: ask for that too")
        if self.lossless or self.max_error:
            if given:
                raise InvalidInputError(f"lossless coding goes with no {next(iter(given))}")
            if not coder.lossless:
                raise InvalidInputError(f"lossless coding is not what {coder.id} does")
        for name, value in given.items():
            if name == "quality":
                check_quality(value)
                continue
            _TARGETS[name](value)
            if coder.lossless:
                raise InvalidInputError(f"{coder.id} is lossless: it has no target")
        if self.ms_ssim is not None:
            with needs_extra("a target in MS-SSIM", "bench"):
                import scipy  # noqa: F401
        self.settings()  # looks for the model

    def __call__(self, source: Source) -> Made:
        """See `Work`."""
        image, warned = _read(source, self.max_pixels)
        if self.strip:
            image = image.with_metadata(Metadata())
        coder = self._coder()
        data = self._compress(image, coder)
        return Made(data, psnr_of(image, coder.decode(data)) if self.verify else None, warned)

    def _coder(self) -> Codec:
        given = {
            "model": self.model,
            "max_error": self.max_error or None,
            "mosaic": self.mosaic,
            "effort": self.effort if self.effort != 1 else None,
            "tune": self.tune if self.tune != "mse" else None,
        }
        config = tuple((name, value) for name, value in given.items() if value is not None)
        return _codec(self.codec, self.threads, config)

    def _compress(self, image: Image, coder: Codec) -> bytes:
        return latentpress.compress(
            image, self.quality, coder, bpp=self.bpp, size=self.size, psnr=self.psnr, ms_ssim=self.ms_ssim,
            lossless=self.lossless, max_error=self.max_error, mosaic=self.mosaic,
        )  # fmt: skip

    def _given(self) -> dict[str, float]:
        names = ("quality", *_TARGETS)
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


@dataclass(frozen=True)
class Decompress(Work):
    """``.lpx`` files to pictures. format: the pictures' ending, without its dot."""

    format: str = "png"
    threads: int = 1
    max_pixels: int = field(default_factory=_most_pixels)

    name = "decompress"
    reads = LPX

    @property
    def ending(self) -> str:
        """See `Work.ending`."""
        return _ending(self.format)

    def settings(self) -> dict[str, Any]:
        """See `Work.settings`."""
        return {"format": self.ending[1:]}

    def check(self) -> None:
        """See `Work.check`."""
        _check_format(self.ending)

    def __call__(self, source: Source) -> Made:
        """See `Work`."""
        limits.MAX_PIXELS = self.max_pixels
        data = source.getvalue() if isinstance(source, io.BytesIO) else Path(source).read_bytes()
        id = registry.codec_id(read_header(data))
        image = latentpress.decompress(data) if id is None else _codec(id, self.threads).decode(data)
        return Made(encode_picture(image, self.ending))


@dataclass(frozen=True)
class Standardise(Work):
    """Pictures to one size, colour space and format (an ending, without its dot)."""

    standard: Standard
    format: str = "png"
    max_pixels: int = field(default_factory=_most_pixels)

    name = "standardise"
    reads = PICTURES

    @property
    def ending(self) -> str:
        """See `Work.ending`."""
        return _ending(self.format)

    def settings(self) -> dict[str, Any]:
        """See `Work.settings`."""
        return {**vars(self.standard), "format": self.ending[1:]}

    def check(self) -> None:
        """See `Work.check`."""
        _check_format(self.ending)

    def __call__(self, source: Source) -> Made:
        """See `Work`."""
        image, warned = _read(source, self.max_pixels)
        return Made(encode_picture(self.standard(image), self.ending), None, warned)


@functools.lru_cache(maxsize=8)
def _codec(id: str, threads: int, config: tuple[tuple[str, Any], ...] = ()) -> Codec:
    """A codec with settings, kept: its network is loaded once a process."""
    settings = dict(config)
    if "threads" in inspect.signature(registry.codec_class(id)).parameters:
        settings["threads"] = threads
    return registry.get_codec(id, **settings)


def _read(source: Source, max_pixels: int) -> tuple[Image, tuple[str, ...]]:
    """A picture, and what there was to warn of."""
    limits.MAX_PIXELS = max_pixels
    with _warnings_lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FirstFrameWarning)
        image = read(source)
    return image, tuple(str(one.message) for one in caught if issubclass(one.category, FirstFrameWarning))


def _ending(format: str) -> str:
    return "." + format.lower().removeprefix(".")


def _check_format(ending: str) -> None:
    """Raise InvalidInputError for an ending whose format cannot be written."""
    encode_picture(Image(_BLACK), ending)
