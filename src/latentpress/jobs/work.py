"""What a job does with each file: compress, decompress, restore, standardise. Each is a value that pickles."""

from __future__ import annotations

import contextlib
import io
import math
import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, TypeVar

import numpy as np

import latentpress
from latentpress import limits, restoration
from latentpress.codecs.jpeg import CutJpegWarning
from latentpress.codecs.painters import painting
from latentpress.codecs.roi import STRENGTH, Roi, mask_of
from latentpress.codecs.settings import Settings
from latentpress.codecs.targets import psnr_of
from latentpress.container import read_header
from latentpress.encryption import decrypt, encrypt, is_encrypted, key_mark
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import FirstFrameWarning, Image, Metadata, read
from latentpress.image.endings import JPEGS, PICTURES, encode_picture
from latentpress.image.standardise import Standard
from latentpress.jobs.listing import LPX
from latentpress.jobs.stores import Source, open_folder
from latentpress.models import absolute_name, find_model

__all__ = ["Compress", "Decompress", "Made", "Restore", "Standardise", "Work"]

T = TypeVar("T")

_END_OF_JPEG = b"\xff\xd9"

_BLACK = np.zeros((1, 1, 1), np.uint8)

# warnings.catch_warnings changes global state, and the workers of a cluster may have several threads.
_warnings_lock = threading.Lock()


def _most_pixels() -> int:
    return limits.MAX_PIXELS


@dataclass(frozen=True)
class Made:
    """What became of a file. data: the result. psnr: in dB, if it was asked for, infinite for equal pictures.
    warnings: one line each. kept: whether the file's very bytes are in it.
    """

    data: bytes
    psnr: float | None = None
    warnings: tuple[str, ...] = ()
    kept: bool = False


class Work(ABC):
    """Makes the result of one file. name: of the command. reads: endings of the files that it takes. shrinks: whether
    results are meant to be smaller than their files.
    """

    name: ClassVar[str]
    reads: ClassVar[tuple[str, ...]]
    shrinks: ClassVar[bool] = False

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

    def for_file(self, name: str) -> Work:
        """The work as it is for a file of this name, relative to its folder."""
        return self

    @abstractmethod
    def __call__(self, source: Source) -> Made:
        """Do it, on one thread. Raises LatentPressError, or what a third party's codec raises."""


@dataclass(frozen=True)
class Compress(Work):
    """Pictures to ``.lpx`` files.

    coding: how, as with `latentpress.compress`; one thread a picture unless it says so: there are as many workers as
    cores. strip: leave metadata out. verify: decode each file before it is written, for its PSNR. masks: path or URL of
    a folder with a mask of interest for each picture, at the same place, of the same name or with ``.png``; empty for
    none. strength: of the masks, in dB. max_pixels: the largest picture to accept. key: to encrypt the
    files with.
    """

    coding: Settings = field(default_factory=Settings)
    strip: bool = False
    verify: bool = False
    masks: str = ""
    strength: float = STRENGTH
    max_pixels: int = field(default_factory=_most_pixels)
    _name: str = field(default="", repr=False)
    key: bytes | None = field(default=None, repr=False)

    name = "compress"
    reads = PICTURES
    ending = ".lpx"
    shrinks = True

    def settings(self) -> dict[str, Any]:
        """See `Work.settings`."""
        sealed = {} if self.key is None else {"key": key_mark(self.key)}
        masks = {"masks": open_folder(self.masks).place, "strength": self.strength} if self.masks else {}
        return {**self.coding.described(), "strip": self.strip, **masks, **sealed}

    def check(self) -> None:
        """See `Work.check`."""
        self.coding.check()
        if self.masks:
            coder = self.coding.coder()
            if not coder.regions:
                raise InvalidInputError(f"{coder.id} knows no regions of interest")
            found = open_folder(self.masks)
            if not found.find(PICTURES, found).files:
                raise InvalidInputError(f"{self.masks}: there are no masks in this folder")

    def for_file(self, name: str) -> Work:
        """See `Work.for_file`."""
        return replace(self, _name=name)

    def __call__(self, source: Source) -> Made:
        """See `Work`."""
        if self.coding.keeper() is not None:
            limits.MAX_PIXELS = self.max_pixels
            data = _contents(source)
            keep = partial(self.coding.keep, data, threads=1, strip=self.strip)
            whole = data.endswith(_END_OF_JPEG)  # has no warning, and threads need not wait for each other
            kept, warned = (keep(), ()) if whole else _warned(CutJpegWarning, keep)
            if kept is not None:  # read back by the codec already
                told = tuple(f"{self._name}: {text}" for text in warned)
                return Made(self._sealed(kept), math.inf if self.verify else None, told, kept=True)
        image, warned = _read(source, self.max_pixels)
        if self.strip:
            image = image.with_metadata(Metadata())
        interest = self._interest(image) if self.masks else None
        if self.masks and interest is None:
            warned = (*warned, f"{self._name}: there is no mask for it, and so no region of interest")
        data = self.coding(image, interest, threads=1)
        psnr = psnr_of(image, self.coding.reader(data, threads=1).decode(data)) if self.verify else None
        return Made(self._sealed(data), psnr, warned)

    def _sealed(self, data: bytes) -> bytes:
        return data if self.key is None else encrypt(data, self.key)

    def _interest(self, image: Image) -> Roi | None:
        """The interest that the file's mask tells, None if it has none."""
        folder, name = open_folder(self.masks), PurePosixPath(self._name)
        there = folder.entries({str(name), str(name.with_suffix(".png"))})
        if not there:
            return None
        mask, _ = _read(folder.source(min(there)), self.max_pixels)
        return Roi.of(image.width, image.height, mask=mask_of(mask), strength=self.strength)


@dataclass(frozen=True)
class Decompress(Work):
    """``.lpx`` files to pictures. format: the pictures' ending, without its dot; with one of JPEG's, JPEG files that
    were kept as they are come back as they were. preview, look: as in `latentpress.decompress`.
    """

    format: str = "png"
    threads: int = 1
    preview: bool = False
    look: float = 0.0
    max_pixels: int = field(default_factory=_most_pixels)
    key: bytes | None = field(default=None, repr=False)

    name = "decompress"
    reads = LPX

    @property
    def ending(self) -> str:
        """See `Work.ending`."""
        return _ending(self.format)

    def settings(self) -> dict[str, Any]:
        """See `Work.settings`."""
        return {"format": self.ending[1:], **painting(self.preview, self.look)}

    def check(self) -> None:
        """See `Work.check`."""
        self.settings()  # looks at preview and look
        _check_format(self.ending)

    def __call__(self, source: Source) -> Made:
        """See `Work`."""
        limits.MAX_PIXELS = self.max_pixels
        data = _contents(source)
        if self.key is not None and is_encrypted(data):
            data = decrypt(data, self.key)
        if self.ending in JPEGS and not painting(self.preview, self.look):
            with contextlib.suppress(UnsupportedError):  # a picture that was never a file
                return Made(latentpress.decompress_jpeg(data, threads=self.threads))
        warned: tuple[str, ...] = ()
        if read_header(data).layered:  # no other file has a warning, and threads need not wait for each other
            image, warned = _warned(latentpress.CutFileWarning, lambda: self._decoded(data))
        else:
            image = self._decoded(data)
        return Made(encode_picture(image, self.ending), None, warned)

    def _decoded(self, data: bytes) -> Image:
        return latentpress.decompress(data, preview=self.preview, look=self.look, threads=self.threads)


@dataclass(frozen=True)
class Restore(Work):
    """JPEG files to pictures without their artefacts; the fields but ``format`` are those of `latentpress.restore`."""

    model: str | None = None
    strength: float = 1.0
    quality: int | None = None
    project: bool | None = None
    format: str = "png"
    threads: int = 1
    max_pixels: int = field(default_factory=_most_pixels)

    name = "restore"
    reads = (".jfif", ".jpe", ".jpeg", ".jpg")

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", absolute_name(self.model))

    @property
    def ending(self) -> str:
        """See `Work.ending`."""
        return _ending(self.format)

    def settings(self) -> dict[str, Any]:
        """See `Work.settings`."""
        model = find_model(restoration.CODEC, name=self.model).id.hex()
        wishes = {"strength": self.strength, "quality": self.quality, "project": self.project}
        return {"model": model, **wishes, "format": self.ending[1:]}

    def check(self) -> None:
        """See `Work.check`."""
        restoration.check_wishes(self.strength, self.quality)
        _check_format(self.ending)
        self.settings()  # looks for the model

    def __call__(self, source: Source) -> Made:
        """See `Work`."""
        limits.MAX_PIXELS = self.max_pixels
        done = restoration.restore(
            _contents(source), model=self.model, threads=self.threads, strength=self.strength, quality=self.quality,
            project=self.project,
        )  # fmt: skip
        return Made(encode_picture(done.image, self.ending))


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


def _contents(source: Source) -> bytes:
    return source.getvalue() if isinstance(source, io.BytesIO) else Path(source).read_bytes()


def _read(source: Source, max_pixels: int) -> tuple[Image, tuple[str, ...]]:
    """A picture, and what there was to warn of."""
    limits.MAX_PIXELS = max_pixels
    return _warned(FirstFrameWarning, lambda: read(source))


def _warned(kind: type[Warning], work: Callable[[], T]) -> tuple[T, tuple[str, ...]]:
    """What work gives, and the warnings of a kind that came with it."""
    with _warnings_lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", kind)
        done = work()
    return done, tuple(str(one.message) for one in caught if issubclass(one.category, kind))


def _ending(format: str) -> str:
    return "." + format.lower().removeprefix(".")


def _check_format(ending: str) -> None:
    """Raise InvalidInputError for an ending whose format cannot be written."""
    encode_picture(Image(_BLACK), ending)
