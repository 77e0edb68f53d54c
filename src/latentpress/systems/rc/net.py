"""The sizes of RC's network, which is a `ResidualNet`."""

from __future__ import annotations

from dataclasses import dataclass

from latentpress.training.schedule import setting

__all__ = ["RcConfig"]


@dataclass(frozen=True)
class RcConfig:
    """width: channels of all layers (published: 128); blocks: of two 3x3 layers (16); components: of the mixtures (5).
    quality: of the JPEG file, 1..100.
    """

    width: int = setting(32, at_least=1)
    blocks: int = setting(3, at_least=0)
    components: int = setting(3, at_least=1, at_most=4)
    quality: int = setting(92, at_least=1, at_most=100)
