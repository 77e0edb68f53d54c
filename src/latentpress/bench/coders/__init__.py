"""The coders that a benchmark compares, one file a family, all behind `Coder`.

    from latentpress.bench.coders import available, get_coder, missing

    coder = get_coder("avif-444")
    data = coder.encode(pixels, 44)        # uint8 (height, width, 1 or 3) to the bytes of a whole file
    restored = coder.decode(data)          # and back

The libraries are imported when a coder is first asked for; `missing` names what to install for the others.
"""

from __future__ import annotations

from latentpress.bench.coders.base import Coder
from latentpress.bench.coders.registry import available, coder_ids, full_id, get_coder, missing

__all__ = ["Coder", "available", "coder_ids", "full_id", "get_coder", "missing"]
