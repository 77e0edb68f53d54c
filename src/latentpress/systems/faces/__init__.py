"""Faces: where the landmarks are and what the skin looks like, coded apart (after Hu 2020)."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="faces",
    about="portraits as landmarks and a texture of principal components, and what these leave",
    group="G8",
    sources=("S4",),
    codec="codec:FacesCodec",
    training="training:FacesTraining",
    model="faces-1",
)
