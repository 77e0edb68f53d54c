"""The codecs of this package, and those that other packages have registered with it; each of their models a coder."""

from __future__ import annotations

import importlib.util
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

import latentpress
from latentpress.bench.coders.base import Coder, Pixels
from latentpress.catalogue import systems
from latentpress.codecs import Codec, list_codecs, shared_codec
from latentpress.codecs.registry import codec_class
from latentpress.errors import MissingExtraError, UnsupportedError
from latentpress.image import Image

__all__ = ["OwnCoder", "coders"]


class OwnCoder(Coder):
    """A codec from `latentpress.list_codecs`, on ``threads`` threads where it has such a setting.

    codec: its id, if the coder is called otherwise; settings: arguments of its constructor.
    """

    whole = False

    def __init__(
        self,
        id: str,
        lossless: bool = False,
        threads: int = 1,
        codec: str | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.id, self.lossless, self.threads = id, lossless, threads
        self.codec, self.given = codec or id, settings or {}
        self.qualities = (100.0,) if lossless else tuple(float(q) for q in range(0, 101, 10))

    def check(self) -> None:
        """Raise UnsupportedError if codec, model or painter are not there or do not load, and MissingExtraError
        if a search has no gradients. Nothing is searched for: that takes seconds even for one pixel.
        """
        if (
            not self._codec.lossless
            and self._codec.config().get("effort", 1) > 1
            and importlib.util.find_spec("torch") is None
        ):
            raise MissingExtraError("effort above 1", "train")
        quick = {name: value for name, value in self.given.items() if name != "effort"}
        codec = shared_codec(self.codec, quick, self.threads)
        codec.decode(codec.encode(Image(np.zeros((1, 1, 3), np.uint8)), 50.0))

    def versions(self) -> dict[str, str]:
        """This package, and the libraries that its codecs stand on."""
        from importlib.metadata import version

        libraries = {name: version(name) for name in ("constriction", "numpy", "onnxruntime")}
        return {"latentpress": latentpress.__version__, **libraries}

    def _encode(self, pixels: Pixels, quality: float) -> bytes:
        return self._codec.encode(Image(pixels), quality)

    def _decode(self, data: bytes) -> NDArray[Any]:
        return self._codec.decode(data).pixels

    def _settings(self) -> dict[str, Any]:
        sample = latentpress.inspect(self._encode(np.zeros((16, 16, 3), np.uint8), 50.0))
        threads = self._codec.config().get("threads", "as the codec chooses")
        return {"codec": repr(self._codec), "model": sample.model, "model_name": sample.model_name, "threads": threads}

    @cached_property
    def _codec(self) -> Codec:
        """The codec, with its network loaded once."""
        return shared_codec(self.codec, self.given, self.threads)


class _BrokenCoder(OwnCoder):
    """A registered codec that does not load."""

    def __init__(self, id: str, problem: str) -> None:
        super().__init__(id, lossless=False)
        self.problem = problem

    def check(self) -> None:
        """Raise UnsupportedError with the reason."""
        raise UnsupportedError(self.problem)


def coders() -> list[Coder]:
    """One for each registered codec, and one for each variant that its system declares.

    Codecs that keep files are left out: pictures they save as other programs do.
    """
    declared = {one.id: one.variants for one in systems()}
    found: list[Coder] = []
    for info in list_codecs():
        if info.problem:
            found.append(_BrokenCoder(info.id, info.problem))
            continue
        if codec_class(info.id).keeps:
            continue
        found.append(OwnCoder(info.id, info.lossless))
        found += [
            OwnCoder(name, info.lossless, codec=info.id, settings=dict(settings))
            for name, settings in declared.get(info.id, {}).items()
        ]
    return found
