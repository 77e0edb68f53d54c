"""JPEG from the inside: files as headers and quantised DCT coefficients, and back to the same bytes; coefficients of
pixels and pixels of coefficients, as libjpeg has them; lossless JPEG."""

from latentpress.codecs.jpeg.decoding import CutJpegWarning, decode_jpeg
from latentpress.codecs.jpeg.encoding import SAMPLINGS, encode_jpeg
from latentpress.codecs.jpeg.file import JpegFile, Plane, read_jpeg, write_jpeg
from latentpress.codecs.jpeg.lossless import decode_lossless, encode_lossless
from latentpress.codecs.jpeg.markers import Frame

__all__ = [
    "SAMPLINGS",
    "CutJpegWarning",
    "Frame",
    "JpegFile",
    "Plane",
    "decode_jpeg",
    "decode_lossless",
    "encode_jpeg",
    "encode_lossless",
    "read_jpeg",
    "write_jpeg",
]
