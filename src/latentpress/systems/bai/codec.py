"""`BaiCodec`: lossless and near-lossless coding on a learned lossy base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.mixed import MixedCodec, MixedModel, code_flat, code_pixels, mixtures_of
from latentpress.codecs.lossless.pyramid import unknown
from latentpress.codecs.mixtures import GRID, code_values
from latentpress.codecs.ports import Port
from latentpress.systems.bai.layout import BLOCK, LATENTS, likely, pyramid_shapes

__all__ = ["BaiCodec", "BaiModel"]

Whole = NDArray[np.int64]

_BITS = 8
_FIRST = -(1 << _BITS - 1)  # the least latent that can be coded


class BaiModel(MixedModel):
    """The networks of a package: ``analysis`` in floats, for encoders; ``prior``, ``synthesis`` and ``residual``."""

    multiple: ClassVar[int] = BLOCK

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Take the numbers of components out of the package."""
        self._components, self._prior = int(config["components"]), int(config["prior_components"])

    def code(self, port: Port, samples: Whole | None, shape: tuple[int, int], max_error: int) -> Whole:
        """Latents, then the picture around what they show."""
        wanted = None
        if samples is not None:
            wanted = self.run("analysis", x=samples[None].astype(np.float32))["y"][0].astype(np.int64)
        latents = self._latents(port, wanted, (shape[0] // BLOCK, shape[1] // BLOCK))
        base = self.run("synthesis", y=latents[None].astype(np.float32))["x"]
        outputs = self.run("residual", x=base)["y"]
        return code_pixels(port, samples, outputs, self._components, base[0].astype(np.int64), max_error)

    def _latents(self, port: Port, wanted: Whole | None, shape: tuple[int, int]) -> Whole:
        """Coarse to fine: a quarter of the blocks says what the others are like."""
        shapes = pyramid_shapes(*shape)
        step = 1 << len(shapes) - 1
        first = None if wanted is None else wanted[:, ::step, ::step] - _FIRST
        found = code_flat(port, first, (LATENTS, *shapes[-1]), _BITS) + _FIRST
        for height, width in reversed(shapes[:-1]):
            step //= 2
            outputs = self.run("prior", coarse=found[None].astype(np.float32))["p"][..., :height, :width]
            mixtures, _ = mixtures_of(outputs, LATENTS, self._prior)
            base, places = likely(found)[..., :height, :width], unknown(height, width)
            flat = mixtures[..., places]
            flat[1] += GRID * base[:, None, places]
            flat = flat.swapaxes(1, 2).reshape(3, self._prior, -1)
            symbols = None if wanted is None else (wanted[:, ::step, ::step][:, places] - _FIRST).ravel()
            level = np.empty((LATENTS, height, width), np.int64)
            level[:, ::2, ::2] = found
            level[:, places] = (
                code_values(port, symbols, flat, _FIRST, 1, _BITS, "latents").reshape(LATENTS, -1) + _FIRST
            )
            found = level
        return found


class BaiCodec(MixedCodec):
    """Lossless and near-lossless codec after Bai et al. 2021: a learned lossy picture, and a residual that one network
    serves whatever the bound on the error.

    The arguments are those of `MlpLosslessCodec`. Gray, deep pictures and mosaics go by prediction that adapts, without
    networks. threads: of each network, too.
    """

    id: ClassVar[str] = "bai"
    model_class = BaiModel
