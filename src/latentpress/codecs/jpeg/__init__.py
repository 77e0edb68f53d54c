"""JPEG files from the inside: their bytes as headers and quantised DCT coefficients, and back to the same bytes."""

from latentpress.codecs.jpeg.file import JpegFile, Plane, read_jpeg, write_jpeg
from latentpress.codecs.jpeg.markers import Frame

__all__ = ["Frame", "JpegFile", "Plane", "read_jpeg", "write_jpeg"]
