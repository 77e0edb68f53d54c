"""Layers by meaning: a small picture, a map of classes that is sent (DSSLIC) or not (EDMS), and what they leave."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="semantic",
    about="a small picture, a map of classes that says how it is enlarged, and what both leave",
    group="G8",
    sources=("S0", "doi:10.1109/TIP.2019.2941660", "arXiv:2101.09642"),
    codec="codec:SemanticCodec",
    training="training:SemanticTraining",
    model="semantic-1",
    variants={"semantic-shared": {"classes": "shared"}},
)
