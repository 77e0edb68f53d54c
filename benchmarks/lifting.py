"""The learned wavelet beside the 5/3 wavelet in the same lossless codec: bytes of each picture.

python benchmarks/lifting.py --data DIR --out benchmarks/results/lifting.json
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from common import circumstances, pictures, write_json

from latentpress import get_codec, read_image

CODECS = ("ebcot-lossless", "learned-lifting")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rows = []
    for path in pictures(given.data):
        image = read_image(path)
        for id in CODECS:
            codec = get_codec(id, threads=1)
            began = time.process_time()
            data = codec.encode(image)
            encoded = time.process_time()
            assert codec.decode(data) == image, path
            seconds = {"encode_s": encoded - began, "decode_s": time.process_time() - encoded}
            rows.append(
                {"picture": path.name, "codec": id, "bytes": len(data)} | {k: round(v, 2) for k, v in seconds.items()}
            )
            print(rows[-1], flush=True)
    totals = {id: sum(row["bytes"] for row in rows if row["codec"] == id) for id in CODECS}
    ratio = totals["learned-lifting"] / totals["ebcot-lossless"]
    print(totals, f"{ratio:.4f}")
    write_json(
        given.out,
        circumstances()
        | {"seconds": "processor time, one thread", "totals": totals, "ratio": round(ratio, 4), "rows": rows},
    )


if __name__ == "__main__":
    main()
