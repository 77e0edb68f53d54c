"""`MentzerCodec`: the map, then the levels of the channels that it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.coefficients import CoefficientCoder
from latentpress.codecs.latent import LatentCodec, LatentModel, TileSettings, Values
from latentpress.codecs.maps import code_map
from latentpress.codecs.ports import Port
from latentpress.errors import CorruptFileError
from latentpress.systems.mentzer.layout import IMPORTANCES, LIMIT, STRIDE, kept_channels

__all__ = ["MentzerCodec", "MentzerModel"]

Float = NDArray[np.float32]


class MentzerModel(LatentModel):
    """Tables of a `CoefficientCoder` for the numbers of levels; and ``levels``, rising, in steps of the rate."""

    stride: ClassVar[int] = STRIDE

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        super().read(config, tables)
        self.coder = CoefficientCoder(tables, whole=True)
        if self.coder.groups[-1].stop != self.latents:
            raise ValueError(f"tables of {self.coder.groups[-1].stop} latents, not {self.latents}")
        self.levels = tables["levels"].astype(np.float32)
        if self.levels.shape != (2 * LIMIT + 1,) or (np.diff(self.levels) < 0).any():
            raise ValueError(f"levels of shape {self.levels.shape} that do not rise")
        counts = [kept_channels(importance, self.latents) for importance in range(IMPORTANCES + 1)]
        self._kept = np.array(counts)

    def analysis(self, planes: Float, rate: int) -> Float:
        """Importances, then latents in steps of the rate (1 + M, h, w); see `LatentModel.analysis`."""
        found = self.run("analysis", x=planes, mix=self.mix(rate))
        return np.concatenate([found["importance"][0], found["latents"][0]])

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """See `LatentModel.code`. Importances and numbers of levels are what is exact."""
        wanted = None if latents is None else np.rint(latents[0])
        importance = code_map(port, wanted, shape, IMPORTANCES, "importances")
        kept = np.arange(self.latents)[:, None, None] < self._kept[importance]
        places = None
        if latents is not None:
            places = np.interp(latents[1:], self.levels, np.arange(-LIMIT, LIMIT + 1)).astype(np.float32)
        found = self.coder.code(port, self.mix(rate)[0], shape, places, tile.weight, kept)
        numbers = np.where(kept, found.values, 0).astype(np.int64)
        if np.abs(numbers).max() > LIMIT:
            raise CorruptFileError("the symbol stream is damaged: one of its levels is out of range")
        return Values(np.where(kept, self.levels[numbers + LIMIT], np.float32(0)), (*found.exact, importance))


class MentzerCodec(LatentCodec[MentzerModel]):
    """Learned lossy codec after Mentzer 2018: learned levels, and a map of how many channels a place has."""

    id: ClassVar[str] = "mentzer"
    model_class: ClassVar[type[Any]] = MentzerModel
    largest_tile: ClassVar[int] = 2**14
