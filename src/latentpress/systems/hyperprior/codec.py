"""`HyperpriorCodec`: pictures to files with the flagship network, and back."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from latentpress.codecs.latent import LatentCodec, TileSettings, Window
from latentpress.codecs.mean_scale.model import MeanScaleModel
from latentpress.codecs.models import StandIn
from latentpress.codecs.roi import Roi
from latentpress.codecs.targets import psnr_of
from latentpress.codecs.tiles import grid_of
from latentpress.container import INTEREST
from latentpress.errors import SettingError, UnsupportedError
from latentpress.image import Image
from latentpress.models import installed_models
from latentpress.systems.hyperprior.layout import ENCODER
from latentpress.systems.hyperprior.smallest import smallest

__all__ = ["TUNES", "HyperpriorCodec"]

TUNES = ("mse", "ms-ssim")
"""What an encoder may aim for; the first is usual."""

_ROUNDS = (2, 5, 9, 16, 24, 36, 60, 100)  # of the search, for effort 2 to 9; each effort looks where lower ones did


class HyperpriorCodec(LatentCodec[MeanScaleModel]):
    """Learned lossy codec: a variable-rate mean-scale hyperprior with context in two or four passes, made for CPUs.

    model: name of an installed model package or path of a package's folder; None takes the default. A file is decoded
    with the model that it names: this one or another installed one. effort: 1 to 9; above 1 the encoder searches the
    latents for each picture (`smallest`), which takes seconds to minutes and needs the extra ``train``; such files are
    never larger than at effort 1 nor of a lower PSNR, and read as quickly as others. tune: what the encoder aims for,
    ``mse`` or ``ms-ssim``; the latter takes the model's other analysis, and files are read as ever. The others: as
    in `LatentCodec`.
    """

    id: ClassVar[str] = "hyperprior"
    model_class = MeanScaleModel
    kinds: ClassVar[tuple[int, ...]] = (*LatentCodec.kinds, INTEREST)
    takes: ClassVar[frozenset[str]] = LatentCodec.takes | {"effort", "tune"}
    regions: ClassVar[bool] = True

    def __init__(
        self,
        model: str | None = None,
        engine: str = "onnx",
        threads: int | None = None,
        dtype: str = "float32",
        effort: int = 1,
        tune: str = "mse",
        **painting: Any,
    ) -> None:
        if tune not in TUNES:
            raise SettingError(f"{SettingError.name('tune')} must be one of {', '.join(TUNES)}, not {tune!r}")
        if isinstance(effort, bool) or not isinstance(effort, int) or not 1 <= effort <= len(_ROUNDS) + 1:
            raise SettingError(
                f"{SettingError.name('effort')} must be a whole number from 1 to {len(_ROUNDS) + 1}, not {effort!r}"
            )
        if effort > 1 and tune != TUNES[0]:
            only = f"{SettingError.name('tune')} {TUNES[0]} only"
            raise SettingError(f"{SettingError.name('effort')} above 1 searches for squared error: {only}")
        super().__init__(model, engine, threads, dtype, effort=effort, tune=tune, **painting)

    def encode(self, image: Image, quality: float = 50.0, *, roi: Roi | None = None) -> bytes:
        """Compress; see `LatentCodec.encode`. roi: where quantisation is finer, at effort 1."""
        if roi is not None and roi.weights.any() and self._config["effort"] > 1:
            raise UnsupportedError("effort above 1 does not know regions of interest; use effort 1")
        data = super().encode(image, quality, roi=roi)
        tiles = grid_of(*(-(-side // MeanScaleModel.stride) for side in (image.height, image.width))).tiles
        if self._config["effort"] > 1 and (image.has_alpha or len(tiles) > 1):
            # Tiles were judged before their neighbours were chosen, and with the pixels under alpha 0.
            quick = type(self)(**(self._config | {"effort": 1}))
            plain = quick.encode(image, quality)
            asked, found = (psnr_of(image, quick.decode(one)) for one in (plain, data))
            return data if len(data) <= len(plain) and found >= asked else plain
        return data

    def code_tile(self, model: MeanScaleModel, window: Window, rate: int, settings: TileSettings) -> bytes:
        """The stream of a tile: that of the analysis, or the smallest that a search which begins there has found."""
        rounds = _ROUNDS[: self._config["effort"] - 1]
        if not rounds:
            return super().code_tile(model, window, rate, settings)
        return smallest(model, window, rate, settings.weight, rounds)

    @cached_property
    def encoder(self) -> StandIn | None:
        """The analysis for this aim, None for the model's own."""
        tune = self._config["tune"]
        if tune == TUNES[0]:
            return None
        wanted = {"model": self._package.id.hex(), "tune": tune}
        for package in installed_models(ENCODER):
            if wanted.items() <= package.config.items():
                return StandIn(package)
        raise UnsupportedError(f"the model {self._package.name} has no encoder for tune {tune}")
