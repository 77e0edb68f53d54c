"""Write the golden files of `importance-map`, and one of the hyperprior with a region of interest: small files that
every later version must decode to the same numbers.

    python tests/golden/make_importance.py

Run it once, when a model or a version of the format is new; later it would hide what it should show.
"""

from __future__ import annotations

import json
from pathlib import Path

from make_golden import drawn, pictures, values_digest

from latentpress.codecs.base import Region
from latentpress.codecs.roi import Roi
from latentpress.systems.hyperprior.codec import HyperpriorCodec
from latentpress.systems.importance_map.codec import ImportanceCodec

HERE = Path(__file__).parent
INDEX = HERE / "importance.json"


def main() -> None:
    codec, entries = ImportanceCodec(threads=1), {}
    for title, (picture, qualities) in pictures().items():
        for quality in qualities:
            data = codec.encode(picture, quality)
            decoding = codec.opened(data)[2]
            found, model = decoding.tile(0), decoding.model
            restored = codec.decode(data).pixels
            name = f"{model.package.name}-{title}-q{quality}.lpx"
            (HERE / name).write_bytes(data)
            entries[name] = {
                "model": model.package.name,
                "check": found.check(0).hex(),
                "shape": list(restored.shape),
                "mean": round(float(restored.mean()), 3),
                "dropped": found.exact[0].ravel().tolist(),
            }
    scene, hyperprior = drawn(65, 63, 3), HyperpriorCodec(threads=1)
    data = hyperprior.encode(scene, 30, roi=Roi.of(63, 65, [Region(20, 20, 16, 16)]))
    (HERE / "roi-rgb-63x65-q30.lpx").write_bytes(data)
    values = hyperprior.opened(data)[2].tile(0).values
    entries["roi-rgb-63x65-q30.lpx"] = {"values_sha256": values_digest(values)}
    INDEX.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    print(f"{len(entries)} files in {HERE}")


if __name__ == "__main__":
    main()
