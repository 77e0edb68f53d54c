"""The bit-plane coder: significance, sign and refinement, plane by plane, in the manner of JPEG 2000 (Taubman 2000).

Planes go from the top down. Each is coded in four phases, a class of places and feature maps each (`PHASE_ORDER`), so
that what was just coded stands on all sides of what comes next. In a phase every bit has its context at once: the
context network reads what both sides know - the magnitudes above, those of this plane in earlier phases, the importance
map - and gives a logit for each bit, which names a trained chance. Nothing is coded one bit at a time.

Three kinds of bits: whether a coefficient that was zero so far is significant in this plane; its sign, once it is; and
the next bit of one that was. A place takes part in the planes that the importance map leaves it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.ports import EVEN, Port
from latentpress.systems.importance_map import layout
from latentpress.systems.importance_map.coefficients import Coefficients, group_of
from latentpress.transforms.wavelet import band_maps

if TYPE_CHECKING:
    from latentpress.systems.importance_map.model import ImportanceModel

__all__ = ["PlaneCoder"]

_SURE = (16, 48)  # sixteenths: from where on a sign's logit is small, and large

Integers = NDArray[np.int32]
Float = NDArray[np.float32]
Mask = NDArray[np.bool_]

_PARTS = np.floor(layout.LEVEL_UNIT * np.log2(1.0 + np.arange(2**8)) + 0.5)  # larger ones are all at the limit
_LOG_LEVELS = (np.minimum(_PARTS, layout.LEVEL_LIMIT) / layout.LEVEL_UNIT).astype(np.float32)


class PlaneCoder:
    """The walk through the planes.

    dropped (h, w): the importance map; shifts (M, h, w): planes that it leaves out, for each coefficient. tops
    (groups,): number of planes of each group of feature maps. After `run`, ``magnitude`` and ``sign`` hold the
    coefficients.
    """

    def __init__(
        self,
        model: ImportanceModel,
        rate: int,
        dropped: NDArray[np.uint8],
        shifts: NDArray[np.uint8],
        tops: Integers,
    ) -> None:
        self._model, self._rate = model, rate
        self._shifts, self._dropped = shifts, dropped
        shape = shifts.shape
        self._count = tops[group_of(shape[0], model.pyramid)]
        self.magnitude: Integers = np.zeros(shape, np.int32)
        self.sign: NDArray[np.int8] = np.zeros(shape, np.int8)
        self._phases = layout.PHASE_ORDER.masks(*shape)
        self._band = band_maps(*shape[1:])

    def run(self, port: Port, wanted: Coefficients | None) -> None:
        """Code all planes; wanted: the coefficients, None where a decoder does not know them."""
        for plane in range(int(self._count.max(initial=0)) - 1, -1, -1):
            active = (self._count > plane)[:, None, None] & (self._shifts <= plane)
            for phase, mask in enumerate(self._phases):
                here = active & mask
                if here.any():
                    self._code(port, wanted, plane, phase, here)

    def _code(self, port: Port, wanted: Coefficients | None, plane: int, phase: int, here: Mask) -> None:
        known = self.magnitude >> plane
        logit, sign = self._logits(known, plane, phase)
        zero, more = here & (known == 0), here & (known > 0)
        index = self._significance(logit, sign, plane)[zero]
        ones = port.bits(_bits(wanted, zero, plane), index, self._model.significance, "significance")
        newly = np.zeros_like(zero)
        newly[zero] = ones != 0
        self.magnitude[newly] = 1 << plane
        self._code_signs(port, wanted, newly, sign)
        if more.any():
            above = known[more] >> 1
            klass = (above > 1).astype(np.intp) + (above > 3)
            index = klass * layout.SIGN_LEVELS + logit[more] + layout.LOGIT_LIMIT
            self.magnitude[more] |= (
                port.bits(_bits(wanted, more, plane), index, self._model.refinement, "refinement") << plane
            )

    def _code_signs(self, port: Port, wanted: Coefficients | None, newly: Mask, sign: NDArray[np.intp]) -> None:
        """Signs of the newly significant: those that are predicted first."""
        count = self._model.signed
        for part in (slice(0, count), slice(count, None)):
            mask = np.zeros_like(newly)
            mask[part] = newly[part]
            if mask.any():
                true = None if wanted is None else wanted.sign[mask] > 0
                if part.start == 0:
                    positive = port.bits(true, sign[mask[:count]] + layout.LOGIT_LIMIT, self._model.sign, "sign")
                else:
                    positive = port.bits(true, np.zeros(np.count_nonzero(mask), np.intp), EVEN, "even signs")
                self.sign[mask] = 2 * positive.astype(np.int8) - 1

    def _logits(self, known: Integers, plane: int, phase: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Logits of significance (M, h, w) and of a positive sign (signed, h, w), whole sixteenths -255..255."""
        count = self._model.signed
        done = np.zeros(known.shape, bool) | (self._shifts > plane)
        for earlier in self._phases[:phase]:
            done |= earlier
        levels = _LOG_LEVELS[np.minimum(known, len(_LOG_LEVELS) - 1)]
        middle = known[:count].astype(np.float32) + np.where(done[:count], np.float32(0.5), np.float32(1))
        signed = np.where(known[:count] > 0, np.minimum(middle, layout.SIGNED_LIMIT) * self.sign[:count], np.float32(0))
        gap = np.clip(plane - self._dropped.astype(np.float32), 0, layout.GAP_LIMIT)
        hints = np.stack([gap, np.full_like(gap, plane / layout.PLANE_UNIT)])
        logit, sign = self._model.context(
            self._rate, levels=levels, signed=signed.astype(np.float32), hints=hints, band=self._band
        )
        return _sixteenths(logit), _sixteenths(sign)

    def _significance(self, logit: NDArray[np.intp], sign: NDArray[np.intp], plane: int) -> NDArray[np.intp]:
        """Position in the table of significance for each coefficient."""
        klass = np.where(self._shifts == plane, 0, 3)
        sure = np.abs(sign)
        klass[: len(sign)] += (sure >= _SURE[0]).astype(np.intp) + (sure >= _SURE[1])
        table: NDArray[np.intp] = klass * layout.SIGN_LEVELS + logit + layout.LOGIT_LIMIT
        return table


def _sixteenths(logit: Float) -> NDArray[np.intp]:
    whole: NDArray[np.intp] = (logit * 2**layout.LOGIT_BITS).astype(np.intp)
    np.clip(whole, -layout.LOGIT_LIMIT, layout.LOGIT_LIMIT, out=whole)
    return whole


def _bits(wanted: Coefficients | None, mask: Mask, plane: int) -> Integers | None:
    """The bits of a plane that are to be coded, of the coefficients of a mask."""
    return None if wanted is None else (wanted.magnitude[mask] >> plane) & 1
