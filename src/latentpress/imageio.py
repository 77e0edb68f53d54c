"""imageio reads and writes ``.lpx`` files once this module is imported, 16-bit colour included.

    import imageio.v3 as iio
    import latentpress.imageio

    pixels = iio.imread("photo.lpx")                     # (height, width) or (height, width, channels)
    iio.imwrite("smaller.lpx", pixels, quality=30)       # all that latentpress.compress takes
    iio.improps("photo.lpx", index=0).shape              # from the header, without decoding

Bytes and streams work as paths do.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import EllipsisType
from typing import Any

import numpy as np
from imageio.config import known_extensions, known_plugins
from imageio.config.extensions import FileExtension
from imageio.config.plugins import PluginConfig
from imageio.core.request import URI_BYTES, InitializationError, IOMode, Request
from imageio.core.v3_plugin_api import ImageProperties, PluginV3
from numpy.typing import NDArray

import latentpress
from latentpress.container import MAGIC, Header, read_header
from latentpress.errors import LatentPressError
from latentpress.image.pillow import info_of

__all__ = ["LpxPlugin"]

_NAME = "latentpress"
_ENDING = ".lpx"


class LpxPlugin(PluginV3):
    """imageio's way to ``.lpx`` files, each of one picture."""

    def __init__(self, request: Request) -> None:
        """Raises InitializationError, which makes imageio look for another plugin, for what is not ours."""
        super().__init__(request)
        reads = request.mode.io_mode == IOMode.read
        if not (request.firstbytes.startswith(MAGIC) if reads else request.extension == _ENDING):
            raise InitializationError("not an .lpx file")
        self._data = request.get_file().read() if reads else b""

    def read(self, *, index: int | EllipsisType | None = None) -> NDArray[Any]:
        """The samples (H, W) or (H, W, 2 to 4), uint8 or uint16; with index ``...`` a stack of this one picture.

        Raises OSError for a damaged file, IndexError for another picture than the first.
        """
        try:
            pixels = latentpress.decompress(self._data).pixels
        except LatentPressError as error:
            raise OSError(str(error)) from error
        return _placed(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels, index)

    def iter(self) -> Iterator[NDArray[Any]]:
        """The one picture."""
        yield self.read()

    def write(self, ndimage: Any, **settings: Any) -> bytes | None:
        """Write samples (H, W), (H, W, 1 to 4) or a stack of one picture; gives the file's bytes if there is no file.

        settings: those of `latentpress.compress`. Raises ValueError for what cannot be coded so.
        """
        pixels = np.asarray(ndimage)
        if pixels.ndim == 4 or (pixels.ndim == 3 and pixels.shape[0] == 1 and pixels.shape[2] > 4):
            if len(pixels) != 1:
                raise ValueError(
                    f"{_ENDING} files hold one picture, not {len(pixels)}; write each to a file of its own"
                )
            pixels = pixels[0]
        try:
            data = latentpress.compress(pixels, **settings)
        except LatentPressError as error:
            raise ValueError(str(error)) from error
        self.request.get_file().write(data)
        return data if self.request._uri_type == URI_BYTES else None

    def properties(self, index: int | EllipsisType | None = 0) -> ImageProperties:
        """Shape and type of the samples, from the header."""
        header = self._header()
        shape = (header.height, header.width, header.channels)[: 2 if header.channels == 1 else 3]
        whole = index is Ellipsis
        dtype = np.dtype(np.uint16 if header.bit_depth > 8 else np.uint8)
        return ImageProperties((1, *shape) if whole else shape, dtype, n_images=1 if whole else None, is_batch=whole)

    def metadata(self, index: int | EllipsisType | None = 0, exclude_applied: bool = True) -> dict[str, Any]:
        """Bit depth, and the blocks of metadata by Pillow's names: icc_profile, exif, xmp, dpi.

        Raises OSError for a damaged file.
        """
        try:
            image = latentpress.decompress(self._data, region=(0, 0, 1, 1))
        except LatentPressError as error:
            raise OSError(str(error)) from error
        return {"bit_depth": image.bit_depth, **{str(name): value for name, value in info_of(image.metadata).items()}}

    def _header(self) -> Header:
        try:
            return read_header(self._data)
        except LatentPressError as error:
            raise OSError(str(error)) from error


def _placed(pixels: NDArray[Any], index: int | EllipsisType | None) -> NDArray[Any]:
    """The picture that an index asks for."""
    if index is Ellipsis:
        return pixels[np.newaxis]
    if index not in (0, None):
        raise IndexError(f"an {_ENDING} file holds one picture; there is no number {index}")
    return pixels


# First of all: bytes without a name are offered to one plugin after the other, and ours looks at their first six only.
_others = dict(known_plugins)
known_plugins.clear()
known_plugins.update({_NAME: PluginConfig(name=_NAME, class_name="LpxPlugin", module_name=__name__), **_others})
known_extensions[_ENDING] = [FileExtension(extension=_ENDING, name="LatentPress learned image", priority=[_NAME])]
