"""Make pictures that are no photographs, to see how codecs for photographs do on them.

    python benchmarks/drawings.py OUT_DIR

Six PNG files, the same ones every time: a page of text, a window with controls, line art, a bar chart, a map of flat
areas, and text over a colour gradient. Drawn by Pillow with the font that comes with it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = (768, 512)
WORDS = (
    "the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "while", "five", "boxing", "wizards", "dawn",
)  # fmt: skip


def _text(rng: np.random.Generator, words: int) -> str:
    return " ".join(rng.choice(WORDS, words))


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def page(rng: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(picture)
    draw.text((40, 24), "A page of text", "black", font=_font(28))
    for line in range(24):
        draw.text((40, 72 + 18 * line), _text(rng, 16), (24, 24, 24), font=_font(13))
    return picture


def window(rng: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", SIZE, (236, 238, 242))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, SIZE[0], 36), (45, 55, 72))
    draw.text((16, 9), "Window", "white", font=_font(15))
    for row in range(4):
        for column in range(3):
            x, y = 24 + 244 * column, 60 + 110 * row
            draw.rounded_rectangle((x, y, x + 224, y + 92), 8, "white", (200, 206, 214))
            draw.text((x + 12, y + 10), _text(rng, 3), (30, 41, 59), font=_font(14))
            draw.text((x + 12, y + 34), _text(rng, 5), (100, 116, 139), font=_font(11))
            colour = tuple(int(v) for v in rng.integers(40, 220, 3))
            draw.rounded_rectangle((x + 12, y + 60, x + 92, y + 82), 5, colour)
    return picture


def lines(rng: np.random.Generator) -> Image.Image:
    large = Image.new("L", (2 * SIZE[0], 2 * SIZE[1]), 255)
    draw = ImageDraw.Draw(large)
    for _ in range(60):
        points = np.cumsum(rng.normal(0, 60, (12, 2)), axis=0) + rng.uniform(0, 1, 2) * large.size
        draw.line([tuple(point) for point in points], 0, int(rng.integers(2, 7)), joint="curve")
    return large.resize(SIZE, Image.Resampling.BOX).convert("RGB")


def chart(rng: np.random.Generator) -> Image.Image:
    picture = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(picture)
    for k in range(9):
        y = 440 - 44 * k
        draw.line((70, y, 730, y), (220, 220, 220))
        draw.text((36, y - 7), str(10 * k), (80, 80, 80), font=_font(12))
    for k in range(11):
        height, x = int(rng.integers(40, 350)), 90 + 58 * k
        draw.rectangle((x, 440 - height, x + 36, 440), ((52, 101, 164), (204, 85, 0), (78, 154, 6))[k % 3])
        draw.text((x, 448), WORDS[k], (60, 60, 60), font=_font(12))
    return picture


def areas(rng: np.random.Generator) -> Image.Image:
    places = rng.uniform(0, 1, (48, 2)) * SIZE
    colours = rng.integers(90, 250, (48, 3)).astype(np.uint8)
    y, x = np.mgrid[: SIZE[1], : SIZE[0]]
    distance = (x[..., None] - places[:, 0]) ** 2 + (y[..., None] - places[:, 1]) ** 2
    nearest = distance.argmin(axis=2)
    pixels = colours[nearest]
    border = (nearest[1:, 1:] != nearest[:-1, 1:]) | (nearest[1:, 1:] != nearest[1:, :-1])
    pixels[1:, 1:][border] = 70
    return Image.fromarray(pixels)


def gradient(rng: np.random.Generator) -> Image.Image:
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] / max(SIZE)
    pixels = np.stack([60 + 150 * x, 120 + 90 * y, 220 - 140 * x], axis=-1)
    picture = Image.fromarray(pixels.round().astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for k in range(7):
        draw.text((40 + 20 * k, 30 + 64 * k), _text(rng, 4), "white", font=_font(20 + 4 * k))
    return picture


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, draw in enumerate((page, window, lines, chart, areas, gradient)):
        draw(np.random.default_rng(number)).save(folder / f"{draw.__name__}.png")


if __name__ == "__main__":
    main()
