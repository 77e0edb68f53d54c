"""Coders that do wrong, or take their time, or memory. A module of its own: worker processes must import it."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.bench.coders.base import Coder, Pixels
from latentpress.errors import UnsupportedError


class FakeCoder(Coder):
    """Rounds samples to multiples of a step and stores them raw, after a head of width, height and channels.

    trick: what goes wrong - ``refuse`` (wide pictures), ``raise``, ``crash``, ``shape``, ``changed`` - or ``sleep``
    or ``memory``.
    """

    quality_name = "step"
    quality_range = (1.0, 128.0)

    def __init__(self, id: str = "fake", trick: str = "", lossless: bool = False, version: str = "1") -> None:
        self.id, self.trick, self.lossless, self.version = id, trick, lossless, version
        self.qualities = (1.0,) if lossless else (64.0, 16.0, 4.0)

    def check(self) -> None:
        pass

    def versions(self) -> dict[str, str]:
        return {"fake": self.version}

    def _encode(self, pixels: Pixels, quality: float) -> bytes:
        if self.trick == "refuse" and pixels.shape[1] > pixels.shape[0]:
            raise UnsupportedError(f"{self.id} takes no wide\npictures")
        if self.trick == "raise":
            raise ZeroDivisionError
        if self.trick == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.trick == "sleep":
            time.sleep(0.1)
        if self.trick == "memory":
            np.ones(300_000_000, np.uint8)
        head = np.array(pixels.shape, "<u2").tobytes()
        step = int(quality)
        return head + (pixels // step * step + (0 if self.lossless else step // 2)).astype(np.uint8).tobytes()

    def _decode(self, data: bytes) -> NDArray[Any]:
        height, width, channels = np.frombuffer(data[:6], "<u2")
        pixels = np.frombuffer(data[6:], np.uint8).reshape(height, width, channels).copy()
        if self.trick == "shape":
            return pixels[:-1]
        if self.trick == "changed":
            pixels[0, 0] ^= 1
        return pixels

    def _settings(self) -> dict[str, Any]:
        return {"threads": 1, "trick": self.trick, "sizes": (1, 2)}
