"""Taking JPEG artefacts out of pictures, on the decoder's side: no part of the file format, and no torch."""

from __future__ import annotations

from latentpress.restoration.blind import Estimate, estimate_coding
from latentpress.restoration.jpeg import JpegPicture, read_jpeg
from latentpress.restoration.network import CODEC, Restorer
from latentpress.restoration.projection import Projection
from latentpress.restoration.restoring import Origin, Restored, check_wishes, restore
from latentpress.restoration.tables import Quantisation, standard_quantisation

__all__ = [
    "CODEC",
    "Estimate",
    "JpegPicture",
    "Origin",
    "Projection",
    "Quantisation",
    "Restored",
    "Restorer",
    "check_wishes",
    "estimate_coding",
    "read_jpeg",
    "restore",
    "standard_quantisation",
]
