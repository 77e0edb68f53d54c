"""`HyperpriorCodec`: pictures to files with the flagship network, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.base import check_quality
from latentpress.codecs.packing import colour_of
from latentpress.codecs.roi import Roi
from latentpress.codecs.rounding import Rounding, rate_and_weight
from latentpress.codecs.tiled import TiledCodec, Window
from latentpress.codecs.tiles import Grid
from latentpress.container import INTEREST, STREAM, TILES, Chunk, Header
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import Image
from latentpress.models import ModelPackage, installed_models
from latentpress.systems.hyperprior.finer import Finer, pack_finer, steps_of, unpack_finer
from latentpress.systems.hyperprior.latents import decode_latents, encode_latents
from latentpress.systems.hyperprior.model import ENCODER, HyperpriorModel, open_model
from latentpress.systems.hyperprior.refine import refine

__all__ = ["TUNES", "HyperpriorCodec"]

TUNES = ("mse", "ms-ssim")
"""What an encoder may aim for; the first is usual."""

Float = NDArray[np.float32]

_ITERATIONS = (0, 2, 4, 8, 16, 24, 36, 60, 100)  # of the search, for effort 1 to 9


class HyperpriorCodec(TiledCodec[HyperpriorModel]):
    """Learned lossy codec: a variable-rate mean-scale hyperprior with context in two or four passes, made for CPUs.

    model: name of an installed model package or path of a package's folder; None takes the default. A file is decoded
    with the model that it names: this one or another installed one. effort: 1 to 9; above 1 the encoder searches the
    latents for each picture (`refine`), which takes seconds to minutes and needs the extra ``train``; such files are
    read as quickly as others. tune: what the encoder aims for, ``mse`` or ``ms-ssim``; the latter takes the model's
    other analysis, and files are read as ever. engine: ``onnx`` (ONNX Runtime) or ``torch``; threads: None for one a
    core; dtype: ``float32``, or ``float64`` with torch. Every engine reads the same symbols from a file. Pictures of
    more than about 2 megapixels are coded in tiles, as many at a time as there are threads.
    """

    id: ClassVar[str] = "hyperprior"
    kinds: ClassVar[tuple[int, ...]] = (STREAM, TILES, INTEREST)
    takes: ClassVar[frozenset[str]] = TiledCodec.takes | {"effort", "tune"}
    regions: ClassVar[bool] = True

    def __init__(
        self,
        model: str | None = None,
        engine: str = "onnx",
        threads: int | None = None,
        dtype: str = "float32",
        effort: int = 1,
        tune: str = "mse",
    ) -> None:
        if tune not in TUNES:
            raise InvalidInputError(f"tune must be one of {', '.join(TUNES)}, not {tune!r}")
        if isinstance(effort, bool) or not isinstance(effort, int) or not 1 <= effort <= len(_ITERATIONS):
            raise InvalidInputError(f"effort must be a whole number from 1 to {len(_ITERATIONS)}, not {effort!r}")
        if effort > 1 and tune != TUNES[0]:
            raise InvalidInputError(f"effort above 1 searches for squared error: it goes with tune {TUNES[0]} only")
        super().__init__(model=model, engine=engine, threads=threads, dtype=dtype, effort=effort, tune=tune)

    def encode(self, image: Image, quality: float = 50.0, *, roi: Roi | None = None) -> bytes:
        """Compress; see `Codec.encode`. Quality is continuous. roi: where quantisation is finer, at effort 1."""
        iterations = _ITERATIONS[self._config["effort"] - 1]
        finer = None if roi is None else steps_of(roi.fits(image.width, image.height), self.stride)
        if finer is not None and iterations:
            raise UnsupportedError("effort above 1 does not know regions of interest; use effort 1")
        grid = self._grid(image)
        model = self._open(self._package, len(grid.tiles), encoder=self._encoder)
        rate, weight = rate_and_weight(check_quality(quality), model.last_rate)
        rounding = Rounding(model.tables, weight)

        def encode(window: Window) -> bytes:
            latents = model.analysis(window.planes, model.mix(rate))[0]
            if iterations:
                latents = refine(model, window.planes, latents, window.inside, rate, rounding, iterations)
            else:
                latents = np.ascontiguousarray(latents[(slice(None), *window.inside)])
            return encode_latents(model, latents, rate, rounding, window.number, Finer.of(finer, window.tile))

        return self._file(image, colour_of(image), model, grid, rate, encode, pack_finer(finer))

    def decode_values(self, data: bytes) -> tuple[Header, Float, HyperpriorModel]:
        """The exact part of decoding: header, reconstructed latents (M, h, w) in quantisation steps (multiples of 1/16,
        the same on every machine), and the model that the file names. Raises as `decode` does."""
        header, _, model, decoding = self._opened(data)
        return header, decoding.values(), model

    def _reader(
        self, model: HyperpriorModel, header: Header, chunks: Sequence[Chunk], grid: Grid
    ) -> Callable[[bytes, int, int, int], Float]:
        finer, tiles = unpack_finer(chunks, grid.height, grid.width), grid.tiles

        def read(stream: bytes, height: int, width: int, number: int) -> Float:
            part = Finer.of(finer, tiles[number])
            return decode_latents(model, stream, header.rate, height, width, number, part)

        return read

    @cached_property
    def _encoder(self) -> ModelPackage | None:
        """The package with the analysis for this aim, None for the model's own."""
        tune = self._config["tune"]
        if tune == TUNES[0]:
            return None
        wanted = {"model": self._package.id.hex(), "tune": tune}
        for package in installed_models(ENCODER):
            if wanted.items() <= package.config.items():
                return package
        raise UnsupportedError(f"the model {self._package.name} has no encoder for tune {tune}")

    def _load(self, package: ModelPackage, threads: int | None, keep_memory: bool, **more: Any) -> HyperpriorModel:
        return open_model(package, self._config["engine"], threads, self._config["dtype"], keep_memory, **more)
