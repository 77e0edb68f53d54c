"""`ThresholdCodec`: blocks in their frequencies, of which the small ones are dropped."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.latent import LatentCodec, TileSettings, Values
from latentpress.codecs.plain import Plain, PlainModel
from latentpress.codecs.ports import Port
from latentpress.codecs.stages import DeadZone, Divide, Each, Stage, chain
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.systems.dft_threshold.coders import CODERS
from latentpress.transforms import Blocks, Linear, Reorder, ToYcc, dct_matrix, separable, zigzag
from latentpress.transforms.bands import Gathered
from latentpress.transforms.fourier import HalfPlane
from latentpress.transforms.lapped import Lapped
from latentpress.transforms.lifting import HAAR, Pyramid

__all__ = ["BLOCKS", "TRANSFORMS", "ThresholdCodec", "ThresholdModel"]

TRANSFORMS = ("dft", "dct", "lapped", "haar")
BLOCKS = (8, 4, 16, 32)
"""Sides of blocks. The order of these and of the coders is that of the format."""

_COARSEST, _PER_OCTAVE = 256.0, 8
_LIMIT = 2**18

Float = NDArray[np.float32]


def frequencies(transform: str, side: int) -> Stage[Any, Any]:
    """Planes (3, H, W) to frequencies (3, side * side, H / side, W / side) from low to high."""
    if transform == "haar":
        levels = side.bit_length() - 1
        return chain(Pyramid(HAAR, levels), Gathered(3, levels), _Planes())
    steps: list[Stage[Any, Any]]
    if transform == "dft":
        steps = [HalfPlane(side), Reorder(HalfPlane(side).order)]
    else:
        steps = [Linear(separable(dct_matrix(side))), Reorder(zigzag(side))]
    blocks = Each(*[chain(Blocks(side), *steps, _Channels())] * 3)
    return chain(Lapped(side), blocks) if transform == "lapped" else blocks


class ThresholdModel(PlainModel):
    """Squares of 32x32 pixels, cut into blocks of a side. The choice says transform, side and coder."""

    stride: ClassVar[int] = 32
    reach: ClassVar[int] = 1
    rates: ClassVar[int] = 8 * _PER_OCTAVE + 1
    choices: ClassVar[int] = len(TRANSFORMS) * len(BLOCKS) * len(CODERS)

    def stages(self, rate: int) -> Stage[Any, Any]:
        """Planes R, G, B (3, H, W) to latents (M, h, w) in steps of a rate index."""
        transform, side, _ = self.chosen(rate)
        step = _COARSEST * 2.0 ** (-(rate % self.rates) / _PER_OCTAVE)
        return chain(ToYcc(), frequencies(transform, side), Divide(step), _Squares(self.stride // side))

    def chosen(self, rate: int) -> tuple[str, int, str]:
        """Transform, side of blocks and coder of a rate index."""
        rest, coder = divmod(rate // self.rates, len(CODERS))
        return TRANSFORMS[rest // len(BLOCKS)], BLOCKS[rest % len(BLOCKS)], list(CODERS)[coder]

    def analysis(self, planes: Float, rate: int) -> Float:
        """See `LatentModel.analysis`."""
        latents: Float = self.stages(rate).forward(planes[0])
        return latents

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """See `LatentModel.code`. Latents are whole numbers."""
        _, side, coder = self.chosen(rate)
        squares = _Squares(self.stride // side)
        wanted = None if latents is None else squares.inverse(np.clip(latents, -_LIMIT, _LIMIT).astype(np.int32))
        height, width = (length * self.stride // side for length in shape)
        symbols = CODERS[coder]().code(port, wanted, (3, side * side, height, width))
        if np.abs(symbols).max() > 2 * _LIMIT:
            raise CorruptFileError("the symbol stream is damaged: a coefficient is out of range")
        return Values(squares.forward(symbols).astype(np.float32), (symbols,))

    def synthesis(self, values: Float, rate: int) -> Float:
        """See `LatentModel.synthesis`."""
        planes: Float = self.stages(rate).inverse(values)
        return planes


class ThresholdCodec(Plain, LatentCodec[ThresholdModel]):
    """Lossy codec: blocks of YCbCr in their frequencies (Fourier, cosine, lapped or Haar), small ones dropped.

    transform: ``dft``, ``dct``, ``lapped`` or ``haar``. block: its side, 4, 8, 16 or 32 pixels. threshold: coefficients
    below so many steps are dropped, 0.5 to 16. coder: ``contexts``, ``huffman``, ``rans`` or ``golomb``. threads: that
    work on tiles of a large picture. All but ``threads`` and ``threshold`` are told by the file.
    """

    id: ClassVar[str] = "dft-threshold"
    model_class: ClassVar[type[ThresholdModel]] = ThresholdModel
    takes: ClassVar[frozenset[str]] = Plain.takes | {"transform", "block", "threshold", "coder"}
    largest_tile: ClassVar[int] = 2**12

    def __init__(
        self,
        transform: str = "dft",
        block: int = 8,
        threshold: float = 0.62,
        coder: str = "contexts",
        threads: int | None = None,
    ) -> None:
        known = {"transform": (transform, TRANSFORMS), "block": (block, BLOCKS), "coder": (coder, tuple(CODERS))}
        for name, (value, values) in known.items():
            if isinstance(value, bool) or value not in values:
                raise InvalidInputError(f"{name} must be one of {', '.join(map(str, values))}, not {value!r}")
        if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0.5 <= threshold <= 16:
            raise InvalidInputError(f"threshold must be a number of steps from 0.5 to 16, not {threshold!r}")
        super().__init__(threads, transform=transform, block=block, threshold=threshold, coder=coder)

    @property
    def choice(self) -> int:
        """See `Plain.choice`."""
        where = TRANSFORMS.index(self._config["transform"]), BLOCKS.index(self._config["block"])
        return (where[0] * len(BLOCKS) + where[1]) * len(CODERS) + list(CODERS).index(self._config["coder"])

    def find(self, *window: Any) -> Float:
        """See `LatentCodec.find`: what is left after the threshold, in whole steps."""
        least = self._config["threshold"]
        zone = DeadZone(1 - least if least <= 1 else 0.5, least)
        return zone.inverse(zone.forward(super().find(*window)))


class _Channels:
    """Stage: (h, w, n) to (n, h, w)."""

    def forward(self, x: NDArray[Any]) -> NDArray[Any]:
        return x.transpose(2, 0, 1)

    def inverse(self, y: NDArray[Any]) -> NDArray[Any]:
        return y.transpose(1, 2, 0)


class _Planes:
    """Stage: what `Gathered` has of three planes, band by band, as (3, N, h, w)."""

    def forward(self, x: NDArray[Any]) -> NDArray[Any]:
        return x[self._order(len(x))].reshape(3, -1, *x.shape[1:])

    def inverse(self, y: NDArray[Any]) -> NDArray[Any]:
        flat = y.reshape(-1, *y.shape[2:])
        return flat[np.argsort(self._order(len(flat)))]

    def _order(self, count: int) -> NDArray[np.intp]:
        ends = [3]
        while ends[-1] < count:
            ends.append(4 * ends[-1])
        of = np.concatenate([np.repeat(np.arange(3), n // 3) for n in np.diff(ends, prepend=0)])
        return np.argsort(of, kind="stable")


class _Squares:
    """Stage: (3, N, H, W) of blocks to (3 N side^2, H / side, W / side), all blocks of a square together."""

    def __init__(self, side: int) -> None:
        self._blocks = Blocks(side)
        self._side = side

    def forward(self, x: Any) -> NDArray[Any]:
        x = np.asarray(x)
        return self._blocks.forward(x.reshape(-1, *x.shape[2:])).transpose(2, 0, 1)

    def inverse(self, y: NDArray[Any]) -> NDArray[Any]:
        count = len(y) // self._side**2
        planes = Blocks(self._side, (count,)).inverse(y.transpose(1, 2, 0))
        return planes.reshape(3, -1, *planes.shape[1:])
