"""Numbers that networks, codec and training share."""

from latentpress.codecs.zerotrees import LEVELS

__all__ = ["AHEAD", "BEHIND", "CENTRE", "LOGITS", "LOGIT_BITS", "REACH", "SIGHT"]

SIGHT = 3
"""Samples that the networks of the bank see on each side: three layers of 3x3."""

BEHIND, AHEAD = SIGHT, SIGHT + 1
"""Samples before and after the picture that `bank.slopes` needs."""

LOGIT_BITS = 2
LOGITS = 64
"""Of the network of contexts: whole quarters, from -8 to below 8."""

CENTRE = LOGITS // 2
"""Number of the logit 0."""

REACH = -(-((4 + 2 * AHEAD) * (2**LEVELS - 1)) // 2**LEVELS)
"""Latents on each side beyond which a band depends on nothing: of each level four samples by the wavelet, and twice as
far apart those that the networks see.
"""
