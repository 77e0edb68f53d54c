"""Code blocks (Taubman 2000; ITU-T T.800, annex D): bit planes of squares of coefficients, three passes a plane.

All blocks are coded at a time, each in a lane of the MQ coder. Inside a pass the standard scans a block in columns of
four; here a pass takes the places of a 2x2 grid in four turns, so that a turn knows its contexts before it begins. Runs
of zeros have no code of their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.entropy.mq import MqDecoder, MqEncoder

__all__ = ["SIDE", "START", "decode_blocks", "encode_blocks"]

SIDE = 32
"""Of a code block."""

START = (4, *[0] * 16)
"""States of the contexts at the start: 0..8 of significance, 9..13 of signs, 14..16 of refinement."""

Whole = NDArray[np.int32]
Small = NDArray[np.int8]

_TURNS = [(slice(y, None, 2), slice(x, None, 2)) for y, x in ((0, 0), (1, 1), (0, 1), (1, 0))]


def _significance() -> Small:
    """Table D.1: context by direction (detail across, down, both) and neighbours to the sides, above and below, at
    corners: (3, 3, 3, 5).
    """
    table = np.zeros((3, 3, 3, 5), np.int8)
    for sides, others, corners in np.ndindex(3, 3, 5):
        straight = [int(corners > 0) + int(corners > 1), 3, 4][others]
        straight = 8 if sides == 2 else straight if not sides else 7 if others else 6 if corners else 5
        table[1, sides, others, corners] = table[0, others, sides, corners] = straight
        around = min(sides + others, 2)
        table[2, sides, others, corners] = [around, 3 + around, 6 + min(around, 1), 8, 8][corners]
    return table


def _signs() -> tuple[Small, NDArray[np.bool_]]:
    """Table D.3: context and whether the sign is turned, by the signs to the sides and above and below, from -1 on."""
    contexts = np.array([[13, 12, 11], [10, 9, 10], [11, 12, 13]], np.int8)
    turned = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 0]], bool)
    return contexts, turned


_SIGNIFICANCE, (_SIGN, _TURNED) = _significance(), _signs()


def encode_blocks(
    blocks: Whole, valid: NDArray[np.bool_], directions: NDArray[Any], planes: NDArray[Any]
) -> list[bytes]:
    """The bytes of code blocks (n, `SIDE`, `SIDE`), of which ``valid`` is there. directions (n,): 0 across, 1 down or
    none, 2 both. planes (n,): bits of each block's largest magnitude.
    """
    coder = MqEncoder(len(blocks), START)
    _Passes(valid, directions, planes).run(coder, blocks)
    return coder.finish()


def decode_blocks(
    parts: list[bytes], valid: NDArray[np.bool_], directions: NDArray[Any], planes: NDArray[Any]
) -> Whole:
    """The inverse."""
    passes = _Passes(valid, directions, planes)
    passes.run(MqDecoder(parts, START), None)
    return passes.values()


class _Passes:
    """The state of all blocks: what is known of magnitudes, signs (-1, 0, 1, with a border), what was refined."""

    def __init__(self, valid: NDArray[np.bool_], directions: NDArray[Any], planes: NDArray[Any]) -> None:
        self._valid, self._planes = valid, planes
        self._known = np.zeros(valid.shape, np.int32)
        self._signs = np.zeros((len(valid), SIDE + 2, SIDE + 2), np.int8)
        self._directions = np.broadcast_to(directions[:, None, None], valid.shape)
        self._refined = np.zeros(valid.shape, bool)
        self._lanes = np.broadcast_to(np.arange(len(valid))[:, None, None], valid.shape)

    def values(self) -> Whole:
        """What is known."""
        signs: Whole = self._signs[:, 1:-1, 1:-1].astype(np.int32)
        return signs * self._known

    def run(self, coder: MqEncoder | MqDecoder, wanted: Whole | None) -> None:
        """All planes."""
        for plane in reversed(range(int(self._planes.max(initial=0)))):
            here = self._valid & (self._planes > plane)[:, None, None]
            before = self._known > 0
            todo = here & ~before
            if (self._planes > plane + 1).any():
                for turn in _TURNS:
                    todo &= ~self._find(coder, wanted, plane, todo, turn, propagate=True)
                self._refine(coder, wanted, plane, here & before)
            for turn in _TURNS:
                self._find(coder, wanted, plane, todo, turn, propagate=False)

    def _find(
        self,
        coder: MqEncoder | MqDecoder,
        wanted: Whole | None,
        plane: int,
        todo: NDArray[np.bool_],
        turn: tuple[slice, slice],
        propagate: bool,
    ) -> NDArray[np.bool_]:
        """Code which of the places of a turn are significant, with their signs; with ``propagate`` only those that
        have a significant neighbour. Returns the places that were coded.
        """
        coded, view = np.zeros(todo.shape, bool), (slice(None), *turn)
        contexts = self._contexts()[view]
        mask = todo[view] & (contexts > 0) if propagate else todo[view]
        coded[view] = mask
        where = np.nonzero(coded)
        given = None if wanted is None else wanted[where]
        hit = _code(coder, where[0], contexts[mask], None if given is None else np.abs(given) >> plane & 1 > 0)
        lane, row, column = (index[hit] for index in where)
        self._known[lane, row, column] = 1 << plane
        sides = np.clip(self._signs[lane, row + 1, column] + self._signs[lane, row + 1, column + 2], -1, 1) + 1
        others = np.clip(self._signs[lane, row, column + 1] + self._signs[lane, row + 2, column + 1], -1, 1) + 1
        turned = _TURNED[sides, others]
        negative = None if given is None else (given[hit] < 0) ^ turned
        found = _code(coder, lane, _SIGN[sides, others], negative) ^ turned
        self._signs[lane, row + 1, column + 1] = np.where(found, -1, 1)
        return coded

    def _refine(self, coder: MqEncoder | MqDecoder, wanted: Whole | None, plane: int, mask: NDArray[np.bool_]) -> None:
        contexts = np.where(self._refined, 16, 14 + (self._contexts() > 0))[mask]
        given = None if wanted is None else np.abs(wanted[mask]) >> plane & 1 > 0
        bits = _code(coder, self._lanes[mask], contexts, given)
        self._known[mask] |= bits.astype(np.int32) << plane
        self._refined |= mask

    def _contexts(self) -> Small:
        """Of significance, of all places."""
        there = (self._signs != 0).astype(np.int8)
        rows = there[:, :-2] + there[:, 2:]
        sides = there[:, 1:-1, :-2] + there[:, 1:-1, 2:]
        contexts: Small = _SIGNIFICANCE[self._directions, sides, rows[:, :, 1:-1], rows[:, :, :-2] + rows[:, :, 2:]]
        return contexts


def _code(
    coder: MqEncoder | MqDecoder, lane: NDArray[Any], context: NDArray[Any], wanted: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    if isinstance(coder, MqDecoder):
        return coder.decode(lane, context)
    assert wanted is not None
    coder.encode(lane, context, wanted)
    return wanted
