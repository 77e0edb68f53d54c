"""Numbers that the network and the codec share."""

__all__ = ["IMPORTANCES", "LIMIT", "STRIDE", "kept_channels"]

STRIDE = 8
"""Pixels of a latent's side."""

LIMIT = 80
"""Levels on each side of the middle one."""

IMPORTANCES = 16
"""The largest importance: all channels. None is 0."""


def kept_channels(importance: int, channels: int) -> int:
    """Channels that a place of an importance has, out of all."""
    return importance * channels // IMPORTANCES
