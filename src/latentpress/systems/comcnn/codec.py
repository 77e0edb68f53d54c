"""`ComCnnCodec`: another codec's file of a small picture, between two networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.catalogue import number_of
from latentpress.codecs.adapting import plain_bytes
from latentpress.codecs.latent import LatentCodec, LatentModel, TileSettings, Values
from latentpress.codecs.ports import Port
from latentpress.codecs.rounding import ROUNDING_WEIGHT
from latentpress.image import Image
from latentpress.systems.comcnn.inner import FORMATS, choice_of, decode, encoder
from latentpress.systems.comcnn.layout import MARGIN, QUALITIES, STRIDE

__all__ = ["ComCnnCodec", "ComCnnModel"]

Float = NDArray[np.float32]

_ID = "comcnn"
_MOST = 2**28  # bytes of a tile


class ComCnnModel(LatentModel):
    """Networks ``analysis`` and ``synthesis``, and the codec ``inner`` that they learned with. A rate is
    ``choice * QUALITIES + quality - 1`` of the codec inside.
    """

    stride: ClassVar[int] = STRIDE
    inner: str

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        rates = {"anchors": len(FORMATS) * QUALITIES, "steps_per_anchor": 1}
        super().read({"latents": 3, "margin": MARGIN} | rates | dict(config), tables)
        self.inner = str(config.get("inner", "jpeg"))

    def analysis(self, planes: Float, rate: int) -> Float:
        """The small picture (3, h, w), in grey levels."""
        small: Float = self.run("analysis", x=planes)["latents"][0]
        return small

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Any, tile: TileSettings) -> Values:
        """The bytes of the small picture's file, which ``latents`` are: (bytes,) instead of values; see
        `LatentModel.code`.
        """
        wanted = None if latents is None else latents.tobytes()
        data = plain_bytes(port, wanted, _MOST)
        small = decode(data, rate // QUALITIES, shape, number_of(_ID))
        return Values(small.transpose(2, 0, 1).astype(np.float32), (np.frombuffer(data, np.uint8),))

    def synthesis(self, values: Float, rate: int) -> Float:
        """Values (3, h, w) in grey levels to the picture, with the quality that they were coded at."""
        level = np.full((1, 1, *values.shape[1:]), (rate % QUALITIES + 1) / QUALITIES, np.float32)
        pixels: Float = self.run("synthesis", values=np.concatenate([values[None], level], axis=1))["pixels"][0]
        return pixels


class ComCnnCodec(LatentCodec[ComCnnModel]):
    """Lossy codec after Jiang 2017: a network halves the picture, any codec codes it, another network restores it.

    inner: that codec: ``jpeg``, ``webp``, ``avif`` (of Pillow), or the id of a lossy codec of ours; None for the one
    that the networks learned with. Other settings are those of `LatentCodec`.
    """

    id: ClassVar[str] = _ID
    model_class = ComCnnModel
    takes: ClassVar[frozenset[str]] = LatentCodec.takes | {"inner"}
    largest_tile: ClassVar[int] = 2**20

    def __init__(self, inner: str | None = None, **settings: Any) -> None:
        if inner is not None:
            choice_of(inner, self.id)
        self._inner = inner
        super().__init__(inner=inner, **settings)

    def rate_of(self, model: ComCnnModel, quality: float, image: Image) -> tuple[int, float]:
        """See `LatentCodec.rate_of`."""
        choice = choice_of(self._inner or model.inner, self.id)
        return choice * QUALITIES + round(quality / 100 * (QUALITIES - 1)), ROUNDING_WEIGHT

    def find(self, model: ComCnnModel, window: Any, rate: int, settings: TileSettings) -> Any:
        """The bytes that the codec inside makes of the small picture."""
        small = super().find(model, window, rate, settings).transpose(1, 2, 0)
        samples = np.clip(np.rint(small), 0, 255).astype(np.uint8)
        return np.frombuffer(encoder(self._inner or model.inner)(samples, rate % QUALITIES + 1), np.uint8)
