"""`FilterBankCodec`: the bank's bands in trees, with contexts by a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from numpy.typing import NDArray

from latentpress.codecs.latent import LatentModel
from latentpress.codecs.layered import LayeredCodec
from latentpress.codecs.stages import Stage
from latentpress.codecs.trees import Trees
from latentpress.codecs.zerotrees import TOP, ZerotreeModel
from latentpress.systems.filter_bank.bank import Bank
from latentpress.systems.filter_bank.layout import REACH
from latentpress.systems.filter_bank.seeing import Seeing

__all__ = ["FilterBankCodec", "FilterBankModel"]


class FilterBankModel(ZerotreeModel):
    """Networks ``luma`` and ``chroma`` of the bank, and ``contexts``, which alone decides what is read."""

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        sizes = {"latents": 3 * self.stride**2, "margin": REACH, "anchors": self.rates, "steps_per_anchor": 1}
        LatentModel.read(self, sizes | dict(config), tables)

    @property
    def coding(self) -> tuple[str, ...]:
        """See `LatentModel.coding`."""
        return ("contexts",)

    def trees(self, shapes: list[tuple[int, ...]]) -> Trees:
        """See `ZerotreeModel.trees`."""
        return Seeing(shapes, TOP, lambda features: self.run("contexts", features=features)["logits"])

    def bank(self) -> Stage[Any, Any]:
        """See `ZerotreeModel.bank`."""
        return Bank(lambda network, known: self.run(network, known=known[None])["details"][0])


class FilterBankCodec(LayeredCodec[FilterBankModel]):
    """Progressive lossy codec after S. Li 2019: a filter bank of networks, its bands in trees; files may be cut off.

    Quality 0 is the first of 20 layers, 100 all of them. Settings are those of `LatentCodec`.
    """

    id: ClassVar[str] = "filter-bank"
    model_class: ClassVar[type[FilterBankModel]] = FilterBankModel
    largest_tile: ClassVar[int] = 2**12
