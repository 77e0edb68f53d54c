"""Numbers that the network and the bitstream of `importance-map` share."""

from __future__ import annotations

from latentpress.codecs.orders import Checkerboard
from latentpress.transforms.wavelet import LEVELS

__all__ = ["BANDS", "LOGIT_BITS", "LOGIT_LIMIT", "MOST_DROPPED", "NOMINAL", "PHASES", "PHASE_ORDER"]

NOMINAL = 3
"""Planes that a place of middling importance drops: the last it keeps is one quantisation step of the rate."""

MOST_DROPPED = 7
"""The most planes that a place can drop."""

PHASES = 4
"""Each plane is coded in so many, a class of places and feature maps each."""

PHASE_ORDER = Checkerboard(PHASES)
"""Which coefficients each phase codes."""

LOGIT_BITS, LOGIT_LIMIT = 4, 255
"""Outputs of the context network are logits in sixteenths, from -255 to 255 of them."""

BANDS = 3 * LEVELS + 1
"""Bands of the wavelet."""
