"""Numbers and names that the network and the bitstream share; nothing here needs the entropy coder."""

from __future__ import annotations

__all__ = ["ANALYSIS", "CONTEXT_LIMIT", "HYPER_LIMIT", "MEAN_BITS", "RESIDUAL_LIMIT", "context_name"]

HYPER_LIMIT = 63
"""Hyper latents are whole numbers in -63..63."""

MEAN_BITS = 4
"""Fractional bits of predicted means and so of reconstructed latents, in quantisation steps."""

RESIDUAL_LIMIT = 2**13
"""Residuals, whole quantisation steps, are clamped to this magnitude by the encoder; a larger one in a file is damage.
"""

CONTEXT_LIMIT = 2**14 - 1
"""Latents enter the context networks clamped to this magnitude, in units of 1/16 step."""

ANALYSIS = "analysis"
"""Name of the network that only the encoder uses and that decides nothing but which latents are coded."""


def context_name(number: int) -> str:
    """Name of the context network of pass ``number`` (2, 3 or 4; the first pass has none)."""
    return "context" if number == 2 else f"context_{number}"
