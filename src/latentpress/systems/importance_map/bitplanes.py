"""The bit-plane coder: significance, sign and refinement, plane by plane, in the manner of JPEG 2000 (Taubman 2000).

Planes go from the top down. Each is coded in four phases, a class of places and feature maps each (`phase_masks`), so
that what was just coded stands on all sides of what comes next. In a phase every bit has its context at once: the
context network reads what both sides know - the magnitudes above, those of this plane in earlier phases, the importance
map - and gives a logit for each bit, which names a trained chance. Nothing is coded one bit at a time.

Three kinds of bits: whether a coefficient that was zero so far is significant in this plane; its sign, once it is; and
the next bit of one that was. A place takes part in the planes that the importance map leaves it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.entropy import TOTAL, SymbolReader, SymbolWriter
from latentpress.systems.importance_map.layout import BANDS, LOGIT_LIMIT, PHASE_ORDER
from latentpress.systems.importance_map.model import BitTables, ImportanceModel
from latentpress.transforms import wavelet

__all__ = [
    "GROUP",
    "REFINEMENT_SHAPE",
    "SIGNIFICANCE_SHAPE",
    "SIGN_LEVELS",
    "TOP_LIMIT",
    "Bits",
    "BitsFound",
    "BitsGiven",
    "PlaneCoder",
    "Places",
    "group_of",
    "tops_of",
]

GROUP = 16
"""Feature maps that share a top plane; those of the wavelet have one for themselves together."""

TOP_LIMIT = 20
"""Planes are numbered below this."""

SIGN_LEVELS = 2 * LOGIT_LIMIT + 1
SIGNIFICANCE_SHAPE = (6, SIGN_LEVELS)
"""Classes: how sure the prediction of the sign is (0, small, large), for the last plane of a place and for others."""

REFINEMENT_SHAPE = (3, SIGN_LEVELS)
"""Classes: known magnitude 1, 2 to 3, or more, in units of the plane above."""

_SURE = (16, 48)  # sixteenths: from where on a sign's logit is small, and large

Integers = NDArray[np.int32]
Float = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LOG_LEVELS = (np.minimum(np.floor(32 * np.log2(1.0 + np.arange(256)) + 0.5), 255) / 32).astype(np.float32)


@dataclass(frozen=True)
class Places:
    """Where the bits of one call lie. kind: ``significance``, ``sign`` or ``refinement``. mask (M, h, w): their places.
    table: the class and level of each, as flat positions in the kind's table of chances; empty for bits that are even.
    """

    kind: str
    mask: Mask
    table: NDArray[np.intp] | None


class Bits(ABC):
    """Where bits come from, or go."""

    @abstractmethod
    def take(self, places: Places, plane: int) -> Integers:
        """The bits at the places, in order of feature map, row, column."""


class BitsGiven(Bits):
    """The encoder's side: bits of known coefficients. magnitude (M, h, w), sign (-1, 0, 1)."""

    def __init__(self, magnitude: Integers, sign: NDArray[np.int8], writer: SymbolWriter, tables: BitTables) -> None:
        self._magnitude, self._sign, self._writer, self._tables = magnitude, sign, writer, tables

    def take(self, places: Places, plane: int) -> Integers:
        """Look the bits up and code them."""
        bits = self.look(places, plane)
        self._writer.write_bits(bits, chances_of(self._tables, places, bits.size))
        return bits

    def look(self, places: Places, plane: int) -> Integers:
        """Look the bits up."""
        if places.kind == "sign":
            return (self._sign[places.mask] > 0).astype(np.int32)
        return (self._magnitude[places.mask] >> plane) & 1


class BitsFound(Bits):
    """The decoder's side."""

    def __init__(self, reader: SymbolReader, tables: BitTables) -> None:
        self._reader, self._tables = reader, tables

    def take(self, places: Places, plane: int) -> Integers:
        """Decode the bits."""
        count = int(np.count_nonzero(places.mask))
        return self._reader.read_bits(chances_of(self._tables, places, count))


def chances_of(tables: BitTables, places: Places, count: int) -> NDArray[np.uint32]:
    """The chance of each bit to be 1."""
    if places.table is None:
        return np.full(count, TOTAL // 2, np.uint32)
    table: NDArray[np.uint32] = getattr(tables, places.kind)
    return table.reshape(-1)[places.table]


class PlaneCoder:
    """The walk through the planes, the same on both sides.

    shifts (M, h, w): planes that are left out, for each coefficient. dropped (h, w): the importance map. tops
    (groups,): number of planes of each group of feature maps. After `run`, ``magnitude`` and ``sign`` hold the
    coefficients.
    """

    def __init__(
        self,
        model: ImportanceModel,
        rate: int,
        shifts: NDArray[np.uint8],
        dropped: NDArray[np.uint8],
        tops: NDArray[np.integer[Any]],
    ) -> None:
        self._model, self._mix = model, model.mix(rate)
        self._shifts, self._dropped = shifts, dropped
        shape = shifts.shape
        self._count = np.asarray(tops)[group_of(shape[0], model.pyramid)]
        self.magnitude: Integers = np.zeros(shape, np.int32)
        self.sign: NDArray[np.int8] = np.zeros(shape, np.int8)
        self._phases = PHASE_ORDER.masks(*shape)
        self._band = np.zeros((BANDS, *shape[1:]), np.float32)
        np.put_along_axis(self._band, wavelet.bands(*shape[1:])[None].astype(np.intp), np.float32(1), axis=0)

    def run(self, bits: Bits) -> None:
        """Code or decode all planes."""
        for plane in range(int(self._count.max(initial=0)) - 1, -1, -1):
            active = (self._count > plane)[:, None, None] & (self._shifts <= plane)
            for phase, mask in enumerate(self._phases):
                here = active & mask
                if here.any():
                    self._code(bits, plane, phase, here)

    def _code(self, bits: Bits, plane: int, phase: int, here: Mask) -> None:
        known = self.magnitude >> plane
        logit, sign = self._logits(known, plane, phase)
        zero = here & (known == 0)
        table = self._significance(logit, sign, plane)
        found = bits.take(Places("significance", zero, table[zero]), plane)
        newly = np.zeros_like(zero)
        newly[zero] = found != 0
        self.magnitude[newly] = 1 << plane
        self._code_signs(bits, plane, newly, sign)
        more = here & (known > 0)
        if more.any():
            above = known[more] >> 1
            klass = (above > 1).astype(np.intp) + (above > 3)
            found = bits.take(Places("refinement", more, klass * SIGN_LEVELS + logit[more] + LOGIT_LIMIT), plane)
            self.magnitude[more] |= found << plane

    def _code_signs(self, bits: Bits, plane: int, newly: Mask, sign: NDArray[np.intp]) -> None:
        """Signs of the newly significant: those that are predicted first."""
        count = self._model.signed
        for part in (slice(0, count), slice(count, None)):
            mask = np.zeros_like(newly)
            mask[part] = newly[part]
            if mask.any():
                table = sign[mask[:count]] + LOGIT_LIMIT if part.start == 0 else None
                positive = bits.take(Places("sign", mask, table), plane)
                self.sign[mask] = 2 * positive.astype(np.int8) - 1

    def _logits(self, known: Integers, plane: int, phase: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Logits of significance (M, h, w) and of a positive sign (signed, h, w), whole sixteenths -255..255."""
        count = self._model.signed
        done = np.zeros(known.shape, bool) | (self._shifts > plane)
        for earlier in self._phases[:phase]:
            done |= earlier
        levels = _LOG_LEVELS[np.minimum(known, 255)]
        middle = known[:count].astype(np.float32) + np.where(done[:count], np.float32(0.5), np.float32(1))
        signed = np.where(known[:count] > 0, np.minimum(middle, 127) * self.sign[:count], np.float32(0))
        gap = np.clip(plane - self._dropped.astype(np.float32), 0, 7)
        hints = np.stack([gap, np.full_like(gap, plane / 4)])
        logit, sign = self._model.context(
            self._mix, levels=levels, signed=signed.astype(np.float32), hints=hints, band=self._band
        )
        return _sixteenths(logit), _sixteenths(sign)

    def _significance(self, logit: NDArray[np.intp], sign: NDArray[np.intp], plane: int) -> NDArray[np.intp]:
        """Position in the table of significance for each coefficient."""
        klass = np.where(self._shifts == plane, 0, 3)
        sure = np.abs(sign)
        klass[: len(sign)] += (sure >= _SURE[0]).astype(np.intp) + (sure >= _SURE[1])
        table: NDArray[np.intp] = klass * SIGN_LEVELS + logit + LOGIT_LIMIT
        return table


def group_of(latents: int, pyramid: int) -> NDArray[np.intp]:
    """The group of each feature map: those of the wavelet, then `GROUP` at a time."""
    rest = 1 + np.arange(latents - pyramid) // GROUP
    return np.concatenate([np.zeros(pyramid, np.intp), rest])


def tops_of(magnitude: Integers, pyramid: int) -> NDArray[np.int32]:
    """How many planes each group of feature maps needs."""
    largest = magnitude.max(axis=(1, 2))
    group = group_of(len(largest), pyramid)
    tops = np.zeros(group[-1] + 1, np.int32)
    np.maximum.at(tops, group, np.frexp(largest.astype(np.float64))[1].astype(np.int32))
    return tops


def _sixteenths(logit: Float) -> NDArray[np.intp]:
    return np.clip(logit * 16, -LOGIT_LIMIT, LOGIT_LIMIT).astype(np.intp)
