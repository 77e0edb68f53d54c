"""Numbers that the network and the bitstream of the hyperprior share."""

from __future__ import annotations

__all__ = ["CONTEXT_LIMIT", "HYPER_LIMIT", "MEAN_BITS", "RESIDUAL_LIMIT"]

HYPER_LIMIT = 63
"""Hyper latents are whole numbers in -63..63."""

MEAN_BITS = 4
"""Fractional bits of predicted means and so of reconstructed latents, in quantisation steps."""

RESIDUAL_LIMIT = 2**13
"""Residuals, whole quantisation steps, are clamped to this magnitude by the encoder; a larger one in a file is damage.
"""

CONTEXT_LIMIT = 2**14 - 1
"""Latents enter the context networks clamped to this magnitude, in units of 1/16 step."""
