"""`PlainModel` and `Plain`: lossy codecs without a model package, of which all is in the program.

class SpihtModel(PlainModel, LayeredModel): ...
class SpihtCodec(Plain, LayeredCodec[SpihtModel]): ...
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from latentpress.codecs.latent import LatentModel
from latentpress.codecs.rounding import ROUNDING_WEIGHT
from latentpress.container.layout import MODEL_BYTES
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import Image

__all__ = ["Nothing", "Plain", "PlainModel"]


@dataclass(frozen=True)
class Nothing:
    """What stands for the package of a codec that has none."""

    codec: str
    name: str = ""
    id: bytes = bytes(MODEL_BYTES)
    folder: Path = Path()
    config: Mapping[str, Any] = field(default_factory=dict, compare=False)
    tables: Mapping[str, NDArray[Any]] = field(default_factory=dict, compare=False)


class PlainModel(LatentModel):
    """A transform that needs no package. ``rates``: rate indices of one choice of settings, of which there are
    ``choices``; the rate of a file is ``choice * rates + index``.
    """

    rates: ClassVar[int]
    choices: ClassVar[int] = 1
    values: ClassVar[int] = 3
    """Of a pixel: the latents of a place are so many times ``stride`` squared."""
    reach: ClassVar[int] = 0
    """Latents beyond which the transform sees nothing."""

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Nothing is in a package."""
        self.latents, self.margin = self.values * self.stride**2, self.reach
        self.anchors, self.steps = self.rates * self.choices, 1


class Plain:
    """Before `LatentCodec` or `LayeredCodec` among the bases of a codec whose ``model_class`` is a `PlainModel`: its
    settings are ``threads``, which work on tiles of a large picture, and those that a subclass adds.
    """

    id: ClassVar[str]
    model_class: ClassVar[type[Any]]
    takes: ClassVar[frozenset[str]] = frozenset({"threads"})

    def __init__(self, threads: int | None = None, **more: Any) -> None:
        unknown = more.keys() - self.takes
        if unknown:
            raise InvalidInputError(f"codec {self.id!r} has no setting {min(unknown)!r}")
        self._config = {"threads": threads, **more}

    @property
    def choice(self) -> int:
        """Number of what the settings choose, of the ``choices`` of the model."""
        return 0

    def rate_of(self, model: Any, quality: float, image: Image) -> tuple[int, float]:
        """See `LatentCodec.rate_of`."""
        return self.choice * model.rates + round(quality / 100 * (model.rates - 1)), ROUNDING_WEIGHT

    @property
    def _package(self) -> Any:
        return Nothing(self.id)

    def _package_of(self, id: bytes) -> Any:
        if any(id):
            raise UnsupportedError(f"the file needs a model, and {self.id} has none")
        return self._package

    def _open(self, package: Any, tiles: int, encoder: Any = None) -> Any:
        return self.model_class.open(package)
