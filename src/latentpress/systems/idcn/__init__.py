"""JPEG restoration in pixels and DCT coefficients."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="idcn",
    about="JPEG restoration in pixels and coefficients together, told the quantisation tables",
    group="G9",
    sources=("S4",),
    training="training:IdcnTraining",
    packages="restore",
)
