"""`ImportanceCodec`: an autoencoder that says for each place how many bit planes it is worth."""

from __future__ import annotations

from typing import ClassVar

from latentpress.codecs.latent import LatentCodec
from latentpress.systems.importance_map.model import ImportanceModel

__all__ = ["ImportanceCodec"]


class ImportanceCodec(LatentCodec[ImportanceModel]):
    """Learned lossy codec: an autoencoder with an importance map that trims bit planes, and a bit-plane coder.

    The arguments are those of `LatentCodec`. In a region of interest places keep more bit planes.
    """

    id: ClassVar[str] = "importance-map"
    model_class = ImportanceModel
    regions: ClassVar[bool] = True
    largest_tile: ClassVar[int] = 2**14  # a plane costs a network call on all of a tile
