"""How the quantised frequencies of blocks become symbols: two roads, one with contexts and one with codes of words.

Coefficients are [plane, frequency, row, column] of the blocks, frequencies from low to high. The lowest, about the mean
of a block, goes through a reversible wavelet first, which foretells means from each other.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adapting import AdaptiveValues, even_bits, plain_bytes
from latentpress.codecs.embedded import groups
from latentpress.codecs.means import AdaptiveMeans, code_means
from latentpress.codecs.ports import Port
from latentpress.entropy.classes import SYMBOLS, join_classes, split_classes
from latentpress.entropy.golomb import decode_golomb, encode_golomb
from latentpress.entropy.huffman import decode_huffman, encode_huffman
from latentpress.entropy.rans import decode_rans, encode_rans
from latentpress.errors import CorruptFileError

__all__ = ["CODERS", "Coder"]

Whole = NDArray[np.int32]

_EDGES = np.array([1, 2, 4, 7, 11, 16, 24, 36, 54, 80, 120], np.int64)  # sixteenths of the mean size around
_NEAR = np.array([1, 2, 3, 5, 8], np.int64)
_KINDS = 2  # luma, chroma
_SIZES = _KINDS * 2 * (_EDGES.size + 1) * (_NEAR.size + 1)
_WIDTHS = 6  # classes of frequency, two groups each
_CLASSES = (0, 3, 10)  # frequencies from which on sizes have codes of their own


class Coder:
    """A way to code coefficients: a new one for each stream."""

    def code(self, port: Port, wanted: Whole | None, shape: tuple[int, int, int, int]) -> Whole:
        """Code coefficients of a shape. Raises CorruptFileError when what is read does not fit."""
        out = np.zeros(shape, np.int32)
        out[:, 0] = code_means(port, self.band, None if wanted is None else wanted[:, 0], (shape[2], shape[3]))
        if shape[1] > 1:
            self.details(port, None if wanted is None else wanted[:, 1:], out[:, 1:])
        return out

    @abstractmethod
    def band(self, port: Port, wanted: NDArray[Any] | None, number: int, shape: tuple[int, ...]) -> NDArray[Any]:
        """Code a band of the means; see `code_means`."""

    @abstractmethod
    def details(self, port: Port, wanted: Whole | None, out: Whole) -> None:
        """Code all other frequencies into ``out``."""


class Contexts(Coder):
    """Range coder with chances that adapt, in contexts of what is known around: lower frequencies in this block and
    its neighbours; the same frequency in the neighbours, of those blocks that are coded first (half of a checkerboard)
    in the planes before.
    """

    def __init__(self) -> None:
        self._means = AdaptiveMeans()
        self._values = AdaptiveValues("values", _WIDTHS * _SIZES, _WIDTHS)

    def band(self, port: Port, wanted: NDArray[Any] | None, number: int, shape: tuple[int, ...]) -> NDArray[Any]:
        """See `Coder.band`."""
        return self._means(port, wanted, number, shape)

    def details(self, port: Port, wanted: Whole | None, out: Whole) -> None:
        """See `Coder.details`."""
        count, height, width = out.shape[1:]
        odd = (np.arange(height)[:, None] + np.arange(width)) % 2
        every = groups(count)
        for number, part in enumerate(every):
            before = every[max(0, number - 2)].start, part.start
            for plane, values in enumerate(out):
                sizes = np.abs(values[slice(*before)]).sum(axis=0)
                broad = (16 * (4 * sizes + _around(sizes))) // (8 * max(before[1] - before[0], 1))
                place = np.searchsorted(_EDGES, broad, side="right") + (_EDGES.size + 1) * min(plane, 1)
                for phase in (0, 1):
                    same = _around(np.abs(values[part])) if phase else 2 * np.abs(out[:plane, part]).sum(axis=0)
                    near = np.searchsorted(_NEAR, same, side="right")
                    context = ((2 * place + phase) * (_NEAR.size + 1) + near)[:, odd == phase]
                    context += _SIZES * min(number // 2, _WIDTHS - 1)
                    given = None if wanted is None else wanted[plane, part][:, odd == phase].ravel()
                    coded = self._values.code(port, given, context.ravel())
                    values[part][:, odd == phase] = coded.reshape(context.shape)


class Words(Coder):
    """Runs of zeros and sizes as numbers, as in JPEG, which a code of words then writes: the lengths of all runs, 0 for
    the end of a block; sizes, in three classes of frequency; signs.
    """

    def __init__(self, numbers: Callable[[Port, NDArray[Any] | None, int], NDArray[np.int64]]) -> None:
        self._numbers = numbers

    def band(self, port: Port, wanted: NDArray[Any] | None, number: int, shape: tuple[int, ...]) -> NDArray[Any]:
        """See `Coder.band`."""
        given = None if wanted is None else wanted.ravel().astype(np.int64)
        coded = self._numbers(port, None if given is None else given << 1 ^ given >> 63, int(np.prod(shape)))
        return (coded >> 1 ^ -(coded & 1)).astype(np.int32).reshape(shape)

    def details(self, port: Port, wanted: Whole | None, out: Whole) -> None:
        """See `Coder.details`."""
        for plane, values in enumerate(out):
            count, blocks = values.shape[0], values[0].size
            given = None if wanted is None else np.ascontiguousarray(wanted[plane].reshape(count, -1).T)
            block, frequency = self._places(port, given, blocks, count)
            sizes, at = np.zeros(block.size, np.int64), np.searchsorted(_CLASSES, frequency, side="right")
            for number in range(1, len(_CLASSES) + 1):
                mask = at == number
                size = None if given is None else np.abs(given[block[mask], frequency[mask]]) - 1
                sizes[mask] = self._numbers(port, size, int(mask.sum())) + 1
            signs = even_bits(port, None if given is None else given[block, frequency] < 0, block.size)
            values.reshape(count, -1)[frequency, block] = np.where(signs, -sizes, sizes)

    def _places(
        self, port: Port, given: Whole | None, blocks: int, count: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Block and frequency of what is not zero."""
        runs, most = None, blocks * (count + 1)
        if given is not None:
            ended = np.concatenate([given != 0, np.ones((blocks, 1), bool)], axis=1)
            block, frequency = np.nonzero(ended)
            before = np.concatenate([[count], frequency[:-1]])
            runs = np.where(frequency == count, 0, frequency - np.where(before == count, -1, before))
        length = self._numbers(port, None if runs is None else np.array([runs.size]), 1)[0]
        if length > most:
            raise CorruptFileError("the symbol stream is damaged: more runs than coefficients")
        runs = self._numbers(port, runs, int(length))
        ends = np.flatnonzero(runs == 0)
        if ends.size != blocks or ends[-1] + 1 != runs.size or runs.max() > count:
            raise CorruptFileError("the symbol stream is damaged: runs that fill no blocks")
        block = np.repeat(np.arange(blocks), np.diff(ends, prepend=-1))
        total = np.cumsum(runs)
        frequency = total - np.concatenate([[0], total[ends[:-1]]])[block] - 1
        keep = runs > 0
        if frequency.max() >= count:
            raise CorruptFileError("the symbol stream is damaged: runs that are longer than a block")
        return block[keep], frequency[keep]


def _golomb(port: Port, wanted: NDArray[Any] | None, count: int) -> NDArray[np.int64]:
    data = plain_bytes(port, None if wanted is None else encode_golomb(wanted), 64 + 4 * count)
    return decode_golomb(data, count)


def _classed(encode: Callable[..., bytes], decode: Callable[..., NDArray[np.uint8]]) -> Any:
    def numbers(port: Port, wanted: NDArray[Any] | None, count: int) -> NDArray[np.int64]:
        """Symbols by a code, and the bits after them."""
        symbols, extra = (None, None) if wanted is None else split_classes(wanted)
        data = plain_bytes(port, None if symbols is None else encode(symbols, SYMBOLS), 512 + 2 * count)
        found = decode(data, count, SYMBOLS)
        return join_classes(found, plain_bytes(port, extra, 3 * count))

    return numbers


CODERS: dict[str, Callable[[], Coder]] = {
    "contexts": Contexts,
    "huffman": lambda: Words(_classed(encode_huffman, decode_huffman)),
    "rans": lambda: Words(_classed(encode_rans, decode_rans)),
    "golomb": lambda: Words(_golomb),
}
"""By name; their order is that of the format."""


def _around(x: NDArray[Any]) -> NDArray[Any]:
    """Sums of the four neighbours of each place; there is nothing beyond the edges."""
    padded = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(1, 1), (1, 1)])
    total: NDArray[Any] = (
        padded[..., :-2, 1:-1] + padded[..., 2:, 1:-1] + padded[..., 1:-1, :-2] + padded[..., 1:-1, 2:]
    )
    return total
