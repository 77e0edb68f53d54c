"""Numbers that both sides need, and what is known of latents before they are read."""

from __future__ import annotations

from typing import Any

from latentpress.codecs.lossless.pyramid import between

__all__ = ["BLOCK", "CHROMA", "LATENTS", "LIMIT", "LUMA", "MEANS", "likely", "pyramid_shapes"]

BLOCK = 8
"""Pixels of a block's side."""

LUMA, CHROMA = 36, 10
"""Latents of a block for its brightness, and for each of two differences of colour."""

LATENTS = LUMA + 2 * CHROMA

LIMIT = 127
"""Largest magnitude of a latent."""

MEANS = [0, LUMA, LUMA + CHROMA]
"""Latents that begin as means of the block."""


def likely(coarse: Any) -> Any:
    """Latents (..., LATENTS, H, W) of every second block of every second row, to what all are likely to be: means lie
    between their neighbours, the rest is 0; (..., LATENTS, 2 H, 2 W). For NumPy's arrays and torch's tensors.
    """
    found = 0 * between(coarse)
    found[..., MEANS, :, :] = between(coarse[..., MEANS, :, :])
    return found


def pyramid_shapes(height: int, width: int) -> list[tuple[int, int]]:
    """Shapes of all blocks, of every second one of every second row, and so on down to one."""
    shapes = [(height, width)]
    while max(shapes[-1]) > 1:
        shapes.append(((shapes[-1][0] + 1) // 2, (shapes[-1][1] + 1) // 2))
    return shapes
