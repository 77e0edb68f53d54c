"""Hyper latents, and what they say of the latents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.anchor_tables import tables_by_anchor
from latentpress.codecs.mean_scale.layout import HYPER_LIMIT
from latentpress.codecs.ports import Port
from latentpress.systems.entropy_models.walks.base import Float, Ints, Walk

__all__ = ["HyperWalk", "MixtureWalk"]

_STRIDE = 4  # latents a side for each place of hyper latents


class HyperWalk(Walk):
    """Scales (Balle et al. 2018, arXiv 1802.01436) or means and scales (Minnen et al. 2018, arXiv 1809.02736) of all
    latents from hyper latents, then all latents at once.
    """

    networks: ClassVar[tuple[str, ...]] = ("hyper_synthesis",)

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `Walk.read`."""
        super().read(config, tables)
        self.hyper_latents, self.means = int(config["hyper_latents"]), bool(config["means"])
        radius = tables["hyper_radius"].reshape(self.model.anchors, self.hyper_latents)
        self.hyper_tables = tables_by_anchor(tables["hyper_counts"], radius)

    def code(self, port: Port, rate: int, shape: tuple[int, int], wanted: Ints | None) -> Ints:
        """See `Walk.code`."""
        _, mean, index = self.hyper(port, rate, shape, wanted)
        flat = None if wanted is None else wanted.ravel()
        return self.coder(port, flat, mean.reshape(1, -1), index.reshape(1, -1)).reshape(self.latents, *shape)

    def hyper(self, port: Port, rate: int, shape: tuple[int, int], wanted: Ints | None) -> tuple[Float, Float, Float]:
        """Code the hyper latents; features (F, h, w), means and scale indices (M, h, w) of the latents from them."""
        size = (self.hyper_latents, *(-(-side // _STRIDE) for side in shape))
        channel = np.repeat(np.arange(self.hyper_latents, dtype=np.uint8), size[1] * size[2])
        whole = None if wanted is None else self._hyper_of(wanted).ravel()
        tables = self.hyper_tables[self.model.nearest_anchor(rate)]
        hyper = port.symbols(whole, channel, tables, HYPER_LIMIT, "hyper latents").reshape(1, *size).astype(np.float32)
        features, mean, index = (
            np.ascontiguousarray(value[:, : shape[0], : shape[1]])
            for value in self.run("hyper_synthesis", hyper=hyper, mix=self.model.mix(rate))
        )
        return features, mean if self.means else np.zeros_like(mean), index

    def _hyper_of(self, wanted: Ints) -> Float:
        """Hyper latents (Z, h / 4, w / 4), rounded up in size, of latents."""
        _, height, width = wanted.shape
        padded = np.pad(wanted, ((0, 0), (0, -height % _STRIDE), (0, -width % _STRIDE))).astype(np.float32)
        (hyper,) = self.run("hyper_analysis", latents=padded[None])
        whole: Float = np.floor(hyper + np.float32(0.5))
        return whole


class MixtureWalk(HyperWalk):
    """Mixtures of three for each latent (Cheng et al. 2020, arXiv 2001.01568), all at once."""

    networks: ClassVar[tuple[str, ...]] = ("hyper_synthesis", "heads")

    def code(self, port: Port, rate: int, shape: tuple[int, int], wanted: Ints | None) -> Ints:
        """See `Walk.code`."""
        features, mean, index = self.hyper(port, rate, shape, wanted)
        shifts = self.run("heads", features=features[None])
        apart = [value.reshape(-1, mean.size) for value in shifts]
        flat = None if wanted is None else wanted.ravel()
        coded = self.coder(port, flat, mean.ravel() + apart[0], index.ravel() + apart[1], apart[2])
        return coded.reshape(self.latents, *shape)
