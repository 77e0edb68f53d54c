"""Residual networks that never leave the frequency domain."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="dct-resnet",
    about="a residual network of pixels as one of DCT blocks, layer by layer",
    group="G13",
    sources=("S4", "arXiv:1812.11690"),
)
