"""A codec that a test can stop or kill at a picture of its choice, in whatever process it works.

The folder in the environment variable GATED_ROOM is where they meet: ``log`` gets a line with the width of each picture
that is begun, and the process; ``hold-W`` holds the codec up at pictures of width W as long as it exists; ``kill-W``
kills its process at such a picture, once.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from plain_codec import PlainCodec

from latentpress import Image


class GatedCodec(PlainCodec):
    """The plain codec behind a gate."""

    id = "gated"

    def encode(self, image: Image, quality: float = 50.0) -> bytes:
        room = Path(os.environ["GATED_ROOM"])
        with (room / "log").open("a") as log:
            log.write(f"{image.width} {os.getpid()}\n")
        if (kill := room / f"kill-{image.width}").exists():
            kill.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        while (room / f"hold-{image.width}").exists():
            time.sleep(0.02)
        return super().encode(image, quality)
