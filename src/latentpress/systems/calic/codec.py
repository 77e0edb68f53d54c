"""`CalicCodec`: Y, U and V each as a scan of CALIC. Stream: see `latentpress.codecs.scans`."""

from __future__ import annotations

from typing import ClassVar

from latentpress.codecs.yuv_scans import Loop, YuvScanCodec

__all__ = ["CalicCodec"]


class CalicCodec(YuvScanCodec):
    """Lossless codec: CALIC on Y, U, V or gray; quick with the extra ``fast``.

    threads: that work on planes, None for one each.
    """

    id: ClassVar[str] = "calic"

    def loop(self, number: int) -> Loop:
        """See `YuvScanCodec.loop`."""
        from latentpress.codecs.gradients import code_scan  # what is compiled is loaded where it is used

        return code_scan
