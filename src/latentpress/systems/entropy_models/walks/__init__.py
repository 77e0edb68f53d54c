"""How each entropy model goes over the latents: orders, and where its distributions come from. NumPy only."""

from latentpress.systems.entropy_models.walks.attention import AttentionWalk
from latentpress.systems.entropy_models.walks.base import Walk
from latentpress.systems.entropy_models.walks.cube import CubeWalk
from latentpress.systems.entropy_models.walks.factorised import FactorisedWalk
from latentpress.systems.entropy_models.walks.hyper import HyperWalk, MixtureWalk
from latentpress.systems.entropy_models.walks.priors import PriorsWalk
from latentpress.systems.entropy_models.walks.raster import RasterWalk

__all__ = ["WALKS", "Walk"]

WALKS: dict[str, type[Walk]] = {
    "factorised": FactorisedWalk,
    "scale": HyperWalk,
    "mean-scale": HyperWalk,
    "mixture": MixtureWalk,
    "bao": MixtureWalk,
    "masked-2d": RasterWalk,
    "klopp": RasterWalk,
    "fu": RasterWalk,
    "masked-3d": CubeWalk,
    "ccn": CubeWalk,
    "contextformer-spatial": AttentionWalk,
    "contextformer-channel": AttentionWalk,
    "manypriors": PriorsWalk,
}
"""By the ``kind`` in the package."""
