"""`EbcotCodec`: a wavelet's coefficients in code blocks, bit plane by bit plane."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adapting import AdaptiveValues, even_bits, plain_bytes
from latentpress.codecs.latent import LatentCodec, TileSettings, Values
from latentpress.codecs.means import AdaptiveMeans, code_means
from latentpress.codecs.plain import Plain, PlainModel
from latentpress.codecs.ports import Port
from latentpress.codecs.stages import DeadZone, Divide, Stage, chain
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.systems.ebcot.blocks import SIDE, decode_blocks, encode_blocks
from latentpress.transforms import Blocks, ToYcc
from latentpress.transforms.bands import Gathered
from latentpress.transforms.lifting import WAVELETS, Bands, Pyramid

__all__ = ["EbcotCodec", "EbcotModel"]

Float = NDArray[np.float32]

_NAMES = ("cdf97", "cdf53", "haar")  # their order is that of the format
_LEVELS = 5
_COARSEST, _PER_OCTAVE = 256.0, 8
_MOST_PLANES = 18
_MIDDLE = 7 / 16  # of a step: where in its interval a coefficient is shown


class EbcotModel(PlainModel):
    """The choice is a wavelet."""

    stride: ClassVar[int] = 2**_LEVELS
    reach: ClassVar[int] = 4
    rates: ClassVar[int] = 9 * _PER_OCTAVE + 1
    choices: ClassVar[int] = len(_NAMES)

    def stages(self, rate: int) -> Stage[Any, Any]:
        """Planes R, G, B (3, H, W) to latents (M, h, w) in steps of a rate index."""
        wavelet = WAVELETS[_NAMES[rate // self.rates]]
        step = _COARSEST * 2.0 ** (-(rate % self.rates) / _PER_OCTAVE)
        return chain(ToYcc(), Divide(step), Pyramid(wavelet, _LEVELS), Gathered(3, _LEVELS))

    def analysis(self, planes: Float, rate: int) -> Float:
        """See `LatentModel.analysis`."""
        latents: Float = self.stages(rate).forward(planes[0])
        return latents

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """See `LatentModel.code`."""
        gathered = Gathered(3, _LEVELS)
        wanted = None
        if latents is not None:
            largest = 2**_MOST_PLANES - 1
            wanted = gathered.inverse(DeadZone(0).forward(np.clip(latents, -largest, largest)))
        low = code_means(port, AdaptiveMeans(), None if wanted is None else wanted[0], shape)
        details = _code_details(port, None if wanted is None else wanted[1:], gathered.shapes(*shape)[1:])
        exact = gathered.forward([low, *details]).astype(np.int32)
        shown = exact + np.sign(exact) * np.float32(_MIDDLE)
        return Values(shown.astype(np.float32), (exact,))

    def synthesis(self, values: Float, rate: int) -> Float:
        """See `LatentModel.synthesis`."""
        planes: Float = self.stages(rate).inverse(values)
        return planes


def _code_details(port: Port, wanted: Bands | None, shapes: list[tuple[int, ...]]) -> Bands:
    """Code all bands of detail: of each code block the number of its planes, its bytes, and those."""
    cuts = [_Cut(shape) for shape in shapes]
    valid = np.concatenate([cut.forward(np.ones(cut.shape, np.int8)) for cut in cuts]) > 0
    directions = np.concatenate([np.repeat(np.arange(9) % 3, cut.count) for cut in cuts])
    levels = np.concatenate([np.full(9 * cut.count, number) for number, cut in enumerate(cuts)])
    blocks, given, data, lengths = None, None, None, None
    if wanted is not None:
        blocks = np.concatenate([cut.forward(band) for cut, band in zip(cuts, wanted, strict=True)])
        given = np.frexp(np.abs(blocks).max(axis=(1, 2)).astype(np.float64))[1]
    planes = AdaptiveValues("planes", len(shapes) * 3).code(port, given, levels * 3 + directions)
    if planes.min() < 0 or planes.max() > _MOST_PLANES:
        raise CorruptFileError("the symbol stream is damaged: more bit planes than there can be")
    there = planes > 0
    of = (valid[there], directions[there], planes[there])
    if blocks is not None:
        parts = encode_blocks(blocks[there], *of)
        data, lengths = b"".join(parts), np.array([len(part) for part in parts], np.int64)
    ends = np.cumsum(_code_lengths(port, lengths, of[2]))
    data = plain_bytes(port, data, int(ends[-1]) if ends.size else 0)
    if ends.size and int(ends[-1]) != len(data):
        raise CorruptFileError("the symbol stream is damaged: code blocks of another length")
    found = np.zeros(valid.shape, np.int32)
    starts = [0, *ends[:-1].tolist()]
    found[there] = decode_blocks([data[start:end] for start, end in zip(starts, ends, strict=False)], *of)
    parts_of = np.split(found, np.cumsum([9 * cut.count for cut in cuts])[:-1])
    return [cut.inverse(part) for cut, part in zip(cuts, parts_of, strict=True)]


def _code_lengths(port: Port, wanted: NDArray[np.int64] | None, planes: NDArray[Any]) -> NDArray[np.int64]:
    """Lengths of code blocks in bytes: their logarithms with chances that adapt, the bits below as they are."""
    size = None if wanted is None else np.frexp(wanted.astype(np.float64))[1]
    logs = AdaptiveValues("lengths", _MOST_PLANES + 1).code(port, size, planes).astype(np.int64)
    if logs.size and (logs.min() < 0 or logs.max() > 14):
        raise CorruptFileError("the symbol stream is damaged: a code block is too long")
    lengths = (logs > 0).astype(np.int64)
    for place in reversed(range(int(logs.max(initial=1)) - 1)):
        left = np.flatnonzero(logs > place + 1)
        lengths[left] = lengths[left] << 1 | even_bits(
            port, None if wanted is None else wanted[left] >> place & 1, left.size
        )
    return lengths


class _Cut:
    """Stage: a band (9, h, w) to its code blocks (n, `SIDE`, `SIDE`), those at the edges filled up with zeros."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._down, self._across = (-(-side // SIDE) for side in shape[1:])
        self.count = self._down * self._across

    def forward(self, band: NDArray[Any]) -> NDArray[Any]:
        """Code blocks, plane by plane."""
        rows, columns = self._down * SIDE - self.shape[1], self._across * SIDE - self.shape[2]
        filled = np.pad(band, ((0, 0), (0, rows), (0, columns)))
        return np.concatenate([Blocks(SIDE).forward(plane) for plane in filled]).reshape(-1, SIDE, SIDE)

    def inverse(self, blocks: NDArray[Any]) -> NDArray[Any]:
        """The band."""
        planes = blocks.reshape(-1, self._down, self._across, SIDE * SIDE)
        return np.stack([Blocks(SIDE).inverse(plane) for plane in planes])[:, : self.shape[1], : self.shape[2]]


class EbcotCodec(Plain, LatentCodec[EbcotModel]):
    """Lossy codec: a wavelet's coefficients, bit planes of code blocks with the MQ coder, as in JPEG 2000.

    wavelet: ``cdf97``, ``cdf53`` or ``haar``; a file tells it. threads: that work on tiles of a large picture.
    """

    id: ClassVar[str] = "ebcot"
    model_class: ClassVar[type[EbcotModel]] = EbcotModel
    takes: ClassVar[frozenset[str]] = Plain.takes | {"wavelet"}
    largest_tile: ClassVar[int] = 2**12

    def __init__(self, wavelet: str = "cdf97", threads: int | None = None) -> None:
        if wavelet not in _NAMES:
            raise InvalidInputError(f"wavelet must be one of {', '.join(_NAMES)}, not {wavelet!r}")
        super().__init__(threads, wavelet=wavelet)

    @property
    def choice(self) -> int:
        """See `Plain.choice`."""
        return _NAMES.index(self._config["wavelet"])
