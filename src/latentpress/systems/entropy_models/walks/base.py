"""`Walk`: what an entropy model adds to the codec."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.models import RatedModel
from latentpress.codecs.orders import Order, Positions
from latentpress.codecs.ports import Port
from latentpress.systems.entropy_models.coding import Coder, Float, Ints, coder_of

__all__ = ["Float", "Ints", "Walk", "gathered", "passes_over"]


def gathered(values: Float, at: NDArray[np.intp]) -> Float:
    """What stands at places (any shape) of values (channels, n), (channels, *shape of places). All places are there:
    with "wrap" NumPy need not look first, which halves its time.
    """
    found: Float = values.take(at, axis=1, mode="wrap")
    return found


def passes_over(order: Order, channels: int, height: int, width: int) -> list[Positions]:
    """The passes of an order that code anything: in a narrow picture some do not."""
    return [places for places in order.positions(channels, height, width) if places.size]


class Walk(ABC):
    """An entropy model: its networks and tables, and the order in which it codes. model: whose networks it runs."""

    networks: ClassVar[tuple[str, ...]] = ()
    """Those that decoders run."""

    def __init__(self, model: RatedModel, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        self.model, self.latents = model, int(config["latents"])
        self.read(config, tables)

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """Take what is needed out of the package; what does not fit may raise as in `PackageModel.read`."""
        self.coder: Coder = coder_of(config, tables)

    @abstractmethod
    def code(self, port: Port, rate: int, shape: tuple[int, int], wanted: Ints | None) -> Ints:
        """Code whole latents (M, h, w), None where they are not known."""

    def passes(self, height: int, width: int) -> int:
        """How many times networks have to wait for what is decoded, to code latents (M, height, width)."""
        return 1

    def run(self, network: str, **arrays: Float) -> tuple[Float, ...]:
        """Outputs of a network without the batch's axis, by their names' order."""
        return tuple(value[0] for value in self.model.run(network, **arrays).values())

    def base(self, rate: int) -> Float:
        """Scale index of each channel (M,) that holds without any context."""
        index: Float = self.run("base", mix=self.model.mix(rate))[0][:, 0, 0]
        return index
