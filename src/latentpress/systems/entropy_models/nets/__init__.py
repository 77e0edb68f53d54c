"""The networks of the entropy models, in torch."""

from latentpress.systems.entropy_models.nets.attention import AttentionNet
from latentpress.systems.entropy_models.nets.base import EntropyNet, Sizes
from latentpress.systems.entropy_models.nets.cube import CcnNet, CubeNet
from latentpress.systems.entropy_models.nets.hybrid import BaoNet, FuNet
from latentpress.systems.entropy_models.nets.hyper import HyperNet, MixtureNet, RasterNet
from latentpress.systems.entropy_models.nets.simple import FactorisedNet, PriorsNet

__all__ = ["NETS", "EntropyNet", "Sizes"]

NETS: dict[str, type[EntropyNet]] = {
    "factorised": FactorisedNet,
    "scale": HyperNet,
    "mean-scale": HyperNet,
    "mixture": MixtureNet,
    "bao": BaoNet,
    "masked-2d": RasterNet,
    "klopp": RasterNet,
    "fu": FuNet,
    "masked-3d": CubeNet,
    "ccn": CcnNet,
    "contextformer-spatial": AttentionNet,
    "contextformer-channel": AttentionNet,
    "manypriors": PriorsNet,
}
"""By the ``kind`` of the recipe."""
