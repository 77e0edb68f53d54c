"""JPEG restoration by a U-Net that is told the file's quantisation tables."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="table-unet",
    about="JPEG restoration by a U-Net of depth-wise blocks, told the quantisation tables",
    group="G9",
    training="training:TableUnetTraining",
    model="restore-2",
    packages="restore",
)
