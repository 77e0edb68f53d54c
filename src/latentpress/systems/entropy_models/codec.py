"""The codec: transforms that all entropy models share, and the walk of the one that the package holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.latent import LatentCodec, LatentModel, TileSettings, Values
from latentpress.codecs.models import PackageModel
from latentpress.codecs.ports import Port
from latentpress.models import find_model
from latentpress.systems.entropy_models.coding import Float, Ints
from latentpress.systems.entropy_models.layout import LIMIT
from latentpress.systems.entropy_models.walks import WALKS

__all__ = ["EntropyCodec", "EntropyModel", "Transforms", "quantised"]


def quantised(latents: Float, weight: float) -> Ints:
    """Whole latents: to the nearest, with a dead zone that is what a rounding ``weight`` (`codecs.rounding`) makes of
    distributions whose next larger number takes two bits more. No entropy model has a say in it.
    """
    size = np.floor(np.abs(latents) + np.float32(0.5 - 1 / weight))
    whole: Ints = np.copysign(np.clip(size, 0, LIMIT), latents).astype(np.int32)
    return whole


class Transforms:
    """Analysis and synthesis of another package, of whose latents the first so many are kept: the others are zero."""

    def __init__(self, model: PackageModel, anchors: int, latents: int) -> None:
        self._model, self._anchors, self._latents = model, anchors, latents
        self._all = int(model.package.config["latents"])
        if self._all < latents or int(model.package.config["anchors"]) < anchors:
            raise ValueError(f"{model.package.name} has fewer than {latents} latents or {anchors} anchors")

    def analysis(self, planes: Float, mix: Float) -> Float:
        """See `LatentModel.analysis`."""
        found: Float = self._model.run("analysis", x=planes, mix=self._mix(mix))["latents"][0, : self._latents]
        return found

    def synthesis(self, values: Float, mix: Float) -> Float:
        """See `LatentModel.synthesis`."""
        padded = np.pad(values, ((0, self._all - self._latents), (0, 0), (0, 0)))
        pixels: Float = self._model.run("synthesis", values=padded[None], mix=self._mix(mix))["pixels"][0]
        return pixels

    def _mix(self, mix: Float) -> Float:
        return np.pad(mix, ((0, 0), (0, int(self._model.package.config["anchors"]) - self._anchors)))


class EntropyModel(LatentModel):
    """``walk``: the entropy model of the package. ``transforms``: of the package that it names."""

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        super().read(config, tables)
        self.walk = WALKS[config["kind"]](self, config, tables)
        named = config["transforms"]
        package = find_model(named["codec"], id=bytes.fromhex(named["id"]))
        self.transforms = Transforms(PackageModel.open(package, self.running), self.anchors, self.latents)

    @property
    def coding(self) -> tuple[str, ...]:
        """See `LatentModel.coding`."""
        return self.walk.networks

    def prepare(self, *networks: str) -> None:
        """See `PackageModel.prepare`; the synthesis is not in this package."""
        super().prepare(*(name for name in networks if f"{name}.onnx" in self.package.files))

    def analysis(self, planes: Float, rate: int) -> Float:
        """See `LatentModel.analysis`."""
        return self.transforms.analysis(planes, self.mix(rate))

    def synthesis(self, values: Float, rate: int) -> Float:
        """See `LatentModel.synthesis`."""
        return self.transforms.synthesis(values, self.mix(rate))

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """See `LatentModel.code`. What is exact, the latents, is the same whatever the entropy model."""
        wanted = None if latents is None else quantised(latents, tile.weight)
        symbols = self.walk.code(port, rate, shape, wanted)
        return Values(symbols.astype(np.float32), (symbols,))


class EntropyCodec(LatentCodec[EntropyModel]):
    """Learned lossy codec with the entropy model of its package: ``model="entropy-scale-1"`` and others."""

    id: ClassVar[str] = "entropy-models"
    model_class: ClassVar[type[Any]] = EntropyModel
