"""Make the pictures of README: the same bytes spent by JPEG and by LatentPress, and the curves of the Kodak benchmark.

python docs/pictures.py        # needs the extra `bench`; writes docs/images/
"""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import latentpress
from latentpress.bench.plots import write_plots
from latentpress.codecs.targets import psnr_of

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
SUMMARY = ROOT / "benchmarks" / "results" / "bench" / "kodak" / "summary.json"
BYTES = 9_000  # of each file: 0.18 bits a pixel
CROP = (330, 50, 650, 310)
LINE = 26  # pixels of text below
SHOWN = ("hyperprior", "avif-444", "webp", "jxl", "jpeg-420", "vvc")


def jpeg(picture: Image.Image, size: int) -> bytes:
    """The best JPEG file of at most so many bytes."""
    for quality in range(95, 0, -1):
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=quality, optimize=True, progressive=True)
        if stream.tell() <= size:
            return stream.getvalue()
    raise SystemExit(f"no JPEG file of {size} bytes")


def before_after() -> None:
    """A part of the example picture: as it was, as JPEG, and as LatentPress, in files of equal size."""
    source = latentpress.read_image(ROOT / "examples" / "macaws.png")
    other, ours = jpeg(source.to_pillow(), BYTES), latentpress.compress(source, size=BYTES)
    decoded = {
        "JPEG": (other, latentpress.read_image(io.BytesIO(other))),
        "LatentPress": (ours, latentpress.decompress(ours)),
    }
    panels = [("original", source)]
    panels += [
        (f"{name}: {len(data):,} bytes, {psnr_of(source, back):.1f} dB", back) for name, (data, back) in decoded.items()
    ]
    width, height = CROP[2] - CROP[0], CROP[3] - CROP[1]
    sheet = Image.new("RGB", (3 * width + 16, height + LINE), "white")
    draw = ImageDraw.Draw(sheet)
    for number, (text, image) in enumerate(panels):
        left = number * (width + 8)
        sheet.paste(image.to_pillow().crop(CROP), (left, 0))
        draw.text((left, height + 5), text, "#222222", ImageFont.load_default(15))
    sheet.save(IMAGES / "before-after.webp", quality=90, method=6)


def curves() -> None:
    """Mean curves of a few coders."""
    summary = json.loads(SUMMARY.read_text(encoding="utf-8"))
    summary["coders"] = {id: coder for id, coder in summary["coders"].items() if id in SHOWN or id.startswith("vvc")}
    summary["published"] = []
    with tempfile.TemporaryDirectory() as folder:
        write_plots(summary, folder)
        with Image.open(Path(folder) / "rd-psnr.png") as plot:
            small = plot.convert("RGB").resize((plot.width * 2 // 3, plot.height * 2 // 3), Image.Resampling.LANCZOS)
    small.quantize(64).save(IMAGES / "curves.png", optimize=True)


if __name__ == "__main__":
    before_after()
    curves()
    for path in (IMAGES / "before-after.webp", IMAGES / "curves.png"):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")
