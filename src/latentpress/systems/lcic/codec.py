"""`LcicCodec`: Y as a scan of CALIC, U and V by rows and columns. Stream: see `latentpress.codecs.scans`."""

from __future__ import annotations

from typing import ClassVar

from latentpress.codecs.yuv_scans import Loop, YuvScanCodec

__all__ = ["LcicCodec"]


class LcicCodec(YuvScanCodec):
    """Lossless codec: LCIC, U and V by even rows first, then odd ones; quick with the extra ``fast``.

    threads: that work on planes, None for one each.
    """

    id: ClassVar[str] = "lcic"

    def loop(self, number: int) -> Loop:
        """See `YuvScanCodec.loop`."""
        from latentpress.codecs.gradients import code_scan  # what is compiled is loaded where it is used
        from latentpress.systems.lcic.scan import code_rows

        return code_rows if number else code_scan
