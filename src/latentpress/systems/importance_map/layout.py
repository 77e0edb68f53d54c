"""Numbers that the network and the bitstream of `importance-map` share, and the shapes of its tables."""

from __future__ import annotations

from latentpress.codecs.orders import Checkerboard

__all__ = [
    "GAP_LIMIT",
    "LEVEL_LIMIT",
    "LEVEL_UNIT",
    "LOGIT_BITS",
    "LOGIT_LIMIT",
    "MAP_TABLES",
    "MOST_DROPPED",
    "NOMINAL",
    "PHASES",
    "PLANE_UNIT",
    "PHASE_ORDER",
    "REFINEMENT_SHAPE",
    "SIGNIFICANCE_SHAPE",
    "SIGNED_BITS",
    "SIGNED_LIMIT",
    "SIGN_LEVELS",
    "TOP_LIMIT",
]

NOMINAL = 3
"""Planes that a place of middling importance drops: the last it keeps is one quantisation step of the rate."""

MOST_DROPPED = 7
"""The most planes that a place can drop."""

TOP_LIMIT = 20
"""Planes are numbered below this."""

PHASES = 4
"""Each plane is coded in so many, a class of places and feature maps each."""

PHASE_ORDER = Checkerboard(PHASES)
"""Which coefficients each phase codes."""

LOGIT_BITS, LOGIT_LIMIT = 4, 255
"""Outputs of the context network are logits in sixteenths, from -255 to 255 of them."""

LEVEL_UNIT, LEVEL_LIMIT = 32, 255
"""The context network sees a known magnitude as log2(1 + magnitude), in so many parts of 1, at most so many of them."""

SIGNED_BITS, SIGNED_LIMIT = 1, 127
"""It sees signed values as halves of the plane that is coded, clamped to this magnitude."""

GAP_LIMIT, PLANE_UNIT = 7, 4
"""It sees how many planes a place has left, at most so many, and the number of the plane divided by this."""

SIGN_LEVELS = 2 * LOGIT_LIMIT + 1
"""Chances of a positive sign, one for each logit."""

SIGNIFICANCE_SHAPE = (6, SIGN_LEVELS)
"""Classes: how sure the prediction of the sign is (0, small, large), for the last plane of a place and for others."""

REFINEMENT_SHAPE = (3, SIGN_LEVELS)
"""Classes: known magnitude 1, 2 to 3, or more, in units of the plane above."""

MAP_TABLES = 19
"""Probability tables of the map: one for the coarsest values; for the finest and for all other grids, one where the
neighbours agree and one for each quarter that their mean has after the point, where they differ by one or by more.
"""
