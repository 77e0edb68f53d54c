"""Bai et al. 2021: a lossy picture by a learned transform, and the rest of it, whole or with a bound on the error."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="bai",
    about="lossless and near-lossless coding: a learned lossy base and a scalable residual",
    group="G11",
    sources=("S2", "arXiv:2103.17015"),
    codec="codec:BaiCodec",
    training="training:BaiTraining",
    model="bai-1",
)
