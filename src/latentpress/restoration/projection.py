"""Keeping a restored picture true to its file: DCT coefficients stay in the quantisation intervals of the JPEG.

Everything a JPEG file says is "this coefficient lies within half a step of that multiple". A result outside cannot be
the original; projected back, it is compressed to the same coefficients again (projection onto convex sets, Zakhor
1992).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from latentpress.restoration.jpeg import JpegPicture, native_planes
from latentpress.transforms import block_dct, inverse_block_dct
from latentpress.transforms.colour import to_rgb, to_ycc

__all__ = ["Projection"]

_T = TypeVar("_T", bound=np.generic)

_STRIP = 256  # rows worked on at a time, a multiple of 16
_ROUNDS = 3
_LATE_ROUNDS = 16
_COARSE = 8  # steps from here on leave room for margins in every interval
_FINE = 4  # steps below are hardly larger than the rounding of samples: no round would help
_NARROW = 8  # a table of steps below says little more than the samples do: there is no room for a margin
_FINE_HALF = np.float32(0.75)  # of an interval that margins leave, at least, where steps are fine
_UNSURE = np.float32(0.25)  # by which coefficients are off that are found from rounded samples
_TIGHTEN = 1.25  # growth of the margin of a block that is still outside
_CELL = 16
_CLIPPED_ROUNDS = 20
_ENCODER_ERROR = 0.3  # an encoder's own DCT is in integers, and so a little off
_MARGIN = 1.0  # first distance from the ends of an interval: rounding to whole grey levels moves coefficients


class Projection:
    """The quantisation intervals of a JPEG: ``Projection(jpeg)(pixels)``.

    Only whole blocks are held: of a block that the picture's edge cuts, nobody knows what the encoder put outside. Luma
    is held always, chroma for 4:2:0 and 4:4:4. Blocks with clipped samples may lie outside their intervals in the
    decoded JPEG itself, and are then held to what was decoded.
    """

    def __init__(self, picture: JpegPicture) -> None:
        quantisation, self._decoded = picture.quantisation, picture.pixels
        self._factors = [(1, 1), quantisation.subsampling, quantisation.subsampling]
        self._steps = [
            table.astype(np.float32) for table in (quantisation.luma, quantisation.chroma, quantisation.chroma)
        ]
        height, width = picture.pixels.shape[:2]
        self._levels = [
            _levels(plane[: height // fy, : width // fx], steps)
            for plane, steps, (fy, fx) in zip(native_planes(picture), self._steps, self._factors, strict=False)
        ]

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W, channels) pixels of the JPEG's size, moved as little as their coefficients need."""
        result = pixels.copy()
        for top in range(0, pixels.shape[0], _STRIP):
            result[top : top + _STRIP] = self._strip(pixels[top : top + _STRIP], top)
        return result

    def kept(self, pixels: NDArray[np.uint8]) -> float:
        """Share of the whole blocks, of all held components, whose quantised coefficients are those of the JPEG."""
        same, count = 0, 0
        for top in range(0, pixels.shape[0], _STRIP):
            ycc = to_ycc(pixels[top : top + _STRIP])
            for component, levels in enumerate(self._strip_levels(top)):
                broken = self._broken(ycc, component, levels)
                same, count = same + int((~broken).sum()), count + broken.size
        return same / count if count else 1.0

    def _strip_levels(self, top: int) -> list[NDArray[np.int16]]:
        return [
            levels[top // 8 // fy : (top + _STRIP) // 8 // fy]
            for levels, (fy, _) in zip(self._levels, self._factors, strict=False)
        ]

    def _strip(self, pixels: NDArray[np.uint8], top: int) -> NDArray[np.uint8]:
        """A strip of the result. After a few rounds only the cells (16x16 pixels) that need more are worked on."""
        levels = self._strip_levels(top)
        changed = self._changed(pixels, top, levels)
        # where steps are coarse nearly all blocks are settled at once; what is no whole cell gets no late rounds
        few = self._steps[0].min() >= _COARSE and not any(side % _CELL for side in pixels.shape[:2])
        rgb, broken = self._settle(pixels.astype(np.float32), levels, changed, 1 if few else _ROUNDS)
        rows, columns = (side // 2 for side in levels[0].shape[:2])
        late = np.zeros((rows, columns), np.bool_)
        parts = [(2 // fy, 2 // fx) for fy, fx in self._factors[: len(levels)]]  # blocks of each component in a cell
        for part, (down, across) in zip(broken, parts, strict=True):
            late |= _cells(part, rows, columns, down, across).any(axis=(2, 3))
        if late.any() and self._steps[0].min() >= _FINE:
            chosen = [
                np.ascontiguousarray(_cells(part, rows, columns, down, across)[late].reshape(-1, across, 8, 8))
                for part, (down, across) in zip(levels, parts, strict=True)
            ]
            cells = _cells(rgb, rows, columns, _CELL, _CELL)
            moved = [np.ones(part.shape[:2], np.bool_) for part in chosen]
            settled, _ = self._settle(cells[late].reshape(-1, _CELL, rgb.shape[2]), chosen, moved, _LATE_ROUNDS)
            cells[late] = settled.reshape(-1, _CELL, _CELL, rgb.shape[2])
        return np.rint(rgb).astype(np.uint8)

    def _settle(
        self,
        rgb: NDArray[np.float32],
        levels: list[NDArray[np.int16]],
        changed: list[NDArray[np.bool_]],
        rounds: int,
    ) -> tuple[NDArray[np.float32], list[NDArray[np.bool_]]]:
        """Clamp coefficients and samples in turn until an encoder would find these levels, for so many rounds.

        Returns the samples and which blocks of each component are still broken. Blocks that stay broken are moved
        further and further into their intervals. Where nothing was restored, blocks that are not broken stay as they
        are, however near the ends.
        """
        margins = [np.full(part.shape[:2], _MARGIN, np.float32) for part in levels]
        channels = rgb.shape[2]
        slacks = [np.where(part, np.float32(_ENCODER_ERROR), np.float32(0)) for part in changed]
        held = [part.copy() for part in changed]
        if not all(part.all() for part in held):
            for where, outside in zip(held, self._all_broken(rgb, levels, slacks), strict=True):
                where |= outside
        for _ in range(rounds):
            ycc = to_ycc(rgb)
            for component, (part, margin, where) in enumerate(zip(levels, margins, held, strict=True)):
                self._clamp(ycc, component, part, margin, where)
            rgb = np.clip(to_rgb(ycc, channels), 0, 255)
            broken = self._all_broken(rgb, levels, slacks)
            if not any(part.any() for part in broken):
                break
            for margin, where, outside in zip(margins, held, broken, strict=True):
                margin[outside] *= _TIGHTEN
                where |= outside
        return rgb, broken

    def _changed(self, pixels: NDArray[np.uint8], top: int, levels: list[NDArray[np.int16]]) -> list[NDArray[np.bool_]]:
        """Which blocks of each component show something else than the JPEG."""
        other = (pixels != self._decoded[top : top + _STRIP]).any(axis=2)
        found = []
        for part, (fy, fx) in zip(levels, self._factors, strict=False):
            rows, columns = part.shape[:2]
            blocks = other[: rows * 8 * fy, : columns * 8 * fx].reshape(rows, 8 * fy, columns, 8 * fx)
            found.append(blocks.any(axis=(1, 3)))
        return found

    def _all_broken(
        self, rgb: NDArray[np.float32], levels: list[NDArray[np.int16]], slacks: list[NDArray[np.float32]]
    ) -> list[NDArray[np.bool_]]:
        ycc = to_ycc(np.rint(rgb))
        pairs = enumerate(zip(levels, slacks, strict=True))
        return [self._broken(ycc, component, part, slack) for component, (part, slack) in pairs]

    def _clamp(
        self,
        ycc: NDArray[np.float32],
        component: int,
        levels: NDArray[np.int16],
        margin: NDArray[np.float32],
        where: NDArray[np.bool_],
    ) -> None:
        """Move the coefficients of some blocks of a component into their intervals, at least ``margin`` from the ends,
        in place.
        """
        coefficients = self._coefficients(ycc, component, levels)
        steps, (fy, fx) = self._steps[component], self._factors[component]
        half = np.maximum(steps / 2 - margin[:, :, None, None], 0)
        half = np.where(steps < _FINE, np.maximum(half, _FINE_HALF), half)
        if steps.max() < _NARROW:
            half = steps / 2 + _UNSURE
        centre = levels * steps
        moved = np.clip(coefficients, centre - half, centre + half) - coefficients
        moved[~where] = 0
        change = inverse_block_dct(moved).repeat(fy, axis=0).repeat(fx, axis=1)
        ycc[component, : change.shape[0], : change.shape[1]] += change

    def _broken(
        self,
        ycc: NDArray[np.float32],
        component: int,
        levels: NDArray[np.int16],
        slack: NDArray[np.float32] | None = None,
    ) -> NDArray[np.bool_]:
        """Which blocks an encoder that is off by ``slack``, 0 if None, may quantise to something else."""
        steps = self._steps[component]
        distance = np.abs(self._coefficients(ycc, component, levels, whole=True) - levels * steps)
        broken: NDArray[np.bool_] = np.any(
            distance > (steps / 2 if slack is None else steps / 2 - slack[..., None, None]), axis=(2, 3)
        )
        return broken

    def _coefficients(
        self, ycc: NDArray[np.float32], component: int, levels: NDArray[np.int16], *, whole: bool = False
    ) -> NDArray[np.float32]:
        """DCT of the whole blocks of one component at its resolution; ``whole``: of samples rounded as encoders do."""
        fy, fx = self._factors[component]
        rows, columns = levels.shape[0] * 8, levels.shape[1] * 8
        plane = ycc[component, : rows * fy, : columns * fx]
        if whole:
            plane = np.rint(plane)
        if (fy, fx) != (1, 1):
            # Sums of strided views: several times as quick as a mean over two short axes.
            parts = [plane[y::fy, x::fx] for y in range(fy) for x in range(fx)]
            plane = np.add.reduce(parts) / np.float32(fy * fx)
            plane = np.rint(plane) if whole else plane
        return block_dct(np.ascontiguousarray(plane))


def _cells(array: NDArray[_T], rows: int, columns: int, down: int, across: int) -> NDArray[_T]:
    """A view of (H, W, ...) as (rows, columns, down, across, ...): the whole cells of so many entries."""
    part = array[: rows * down, : columns * across]
    view = np.lib.stride_tricks.as_strided(
        part,
        (rows, columns, down, across, *part.shape[2:]),
        (part.strides[0] * down, part.strides[1] * across, *part.strides),
    )
    return view


def _levels(plane: NDArray[np.uint8], steps: NDArray[np.float32]) -> NDArray[np.int16]:
    """Quantised coefficients (rows, columns, 8, 8) of a decoded component's whole blocks."""
    rows, columns = plane.shape[0] // 8, plane.shape[1] // 8
    levels = np.empty((rows, columns, 8, 8), np.int16)
    for top in range(0, rows, _STRIP // 8):
        part = plane[top * 8 : (top + _STRIP // 8) * 8][: (rows - top) * 8, : columns * 8]
        levels[top : top + _STRIP // 8] = _levels_of(part.astype(np.float32) - np.float32(128), steps)
    return levels


def _levels_of(plane: NDArray[np.float32], steps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Quantised coefficients of a decoded plane (minus 128).

    Where the decoder clipped samples, the coefficients of what is seen are not those of the file: there, samples at
    the ends of the range go on to where the coefficients put them, and the coefficients are taken again.
    """
    levels: NDArray[np.float32] = np.rint(block_dct(plane) / steps)
    error = np.abs(np.clip(inverse_block_dct(levels * steps), -128, 127) - plane)
    rows, columns = levels.shape[:2]
    clipped = (error.reshape(rows, 8, columns, 8) > 1.5).any(axis=(1, 3))
    if clipped.any():
        seen = (
            plane.reshape(rows, 8, columns, 8).swapaxes(1, 2)[clipped].reshape(-1, 8)
        )  # the blocks, one below another
        found = levels[clipped][:, np.newaxis]
        for _ in range(_CLIPPED_ROUNDS):
            meant = inverse_block_dct(found * steps)
            beyond = np.where(seen >= 127, np.maximum(meant, seen), np.minimum(meant, seen))
            meant = np.where(np.abs(seen + 0.5) > 127, beyond, seen)
            found = np.rint(block_dct(meant) / steps)
        levels[clipped] = found[:, 0]
    return levels
