"""ComCNN and RecCNN: a network shrinks the picture for any codec, another one restores it."""

from latentpress.catalogue import System

__all__ = ["SYSTEM"]

SYSTEM = System(
    id="comcnn",
    about="a network halves the picture, any codec codes it (JPEG, WebP, AVIF or one of ours), another one restores it",
    group="G5",
    sources=("S0", "arXiv:1708.00838"),
    codec="codec:ComCnnCodec",
    training="training:ComCnnTraining",
    model="comcnn-2",
    variants={
        "comcnn-webp": {"inner": "webp"},
        "comcnn-avif": {"inner": "avif"},
        "comcnn-hyperprior": {"inner": "hyperprior"},
        "comcnn-underwater": {"model": "comcnn-underwater-1"},
    },
)
