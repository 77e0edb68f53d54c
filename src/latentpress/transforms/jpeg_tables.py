"""The quantisation tables that JPEG's standard gives as an example, and most encoders scale: ITU-T T.81, annex K."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["STANDARD_CHROMA", "STANDARD_LUMA", "scaled_tables"]

# Tables K.1 and K.2; rows are vertical frequencies.
STANDARD_LUMA = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
STANDARD_CHROMA = np.full((8, 8), 99)
STANDARD_CHROMA[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]
STANDARD_LUMA.flags.writeable = STANDARD_CHROMA.flags.writeable = False


def scaled_tables(quality: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """libjpeg's luma and chroma tables (8, 8) at a quality of 1..100 (8-bit steps, 1..255)."""
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    luma, chroma = (np.clip((table * percent + 50) // 100, 1, 255) for table in (STANDARD_LUMA, STANDARD_CHROMA))
    return luma, chroma
