"""The quantisation tables that JPEG's standard gives as an example, and most encoders scale: ITU-T T.81, annex K."""

from __future__ import annotations

import numpy as np

__all__ = ["STANDARD_CHROMA", "STANDARD_LUMA"]

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
