"""Make the model of the codec `jpeg`: least squares for its guesses, then small networks for its chances.

    python benchmarks/jpeg_model.py --data DIR [DIR ...] --out src/latentpress/models/jpeg-1

Every picture is saved by Pillow twice, at qualities and samplings drawn at random, now and then with other tables. The
guesses are solved from Gram matrices of blocks and their neighbours; then the codec's own walk runs over all files and
shows what the networks would see; each is trained on its samples and rounded to whole numbers. Needs the extra `train`.
"""

from __future__ import annotations

import argparse
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from latentpress.codecs.jpeg import JpegFile, read_jpeg
from latentpress.models.package import package_digest
from latentpress.systems.jpeg import walk
from latentpress.systems.jpeg.features import group_of
from latentpress.systems.jpeg.field import DIAGONALS, NATURAL, Field, ends
from latentpress.systems.jpeg.grid import LEVELS, Level, levels
from latentpress.systems.jpeg.predictor import SCALE, Predictor
from latentpress.systems.jpeg.residuals import OUTPUTS

Arrays = dict[str, NDArray[Any]]
Floats = NDArray[np.float64]

PARTS = ("near", "own", "first", "luma")
ZIGZAG = np.argsort(NATURAL)
MOST_SAMPLES = 2_000_000
QUALITIES = (25, 35, 50, 50, 55, 65, 75, 75, 80, 85, 90, 90, 92, 95, 95, 97, 99, 100)


def files(folders: list[Path], rng: np.random.Generator) -> Iterator[JpegFile]:
    """Two JPEG files of each picture."""
    for path in sorted(path for folder in folders for path in folder.iterdir() if path.is_file()):
        for _ in range(2):
            how: dict[str, Any] = {"quality": int(rng.choice(QUALITIES))}
            if rng.random() < 0.09:
                slope = np.add.outer(np.arange(8), np.arange(8)).ravel() * rng.uniform(0, 6)
                tables = np.clip((16 + slope) * rng.uniform(0.1, 1.5), 1, 255).astype(int).tolist()
                how = {"qtables": [tables, tables]}
            buffer = io.BytesIO()
            Image.open(path).convert("RGB").save(buffer, "JPEG", subsampling=int(rng.choice([0, 0, 2, 2, 1])), **how)
            yield read_jpeg(buffer.getvalue())


def natural(file: JpegFile, index: int) -> tuple[Field, NDArray[np.int16]]:
    """An empty field of a component, and the coefficients (blocks, 64) that belong in it."""
    plane = file.planes[index]
    table, values = np.empty(64, np.int64), np.empty((plane.coefficients[..., 0].size, 64), np.int16)
    table[NATURAL], values[:, NATURAL] = plane.table, plane.coefficients.reshape(-1, 64)
    return Field(*plane.coefficients.shape[:2], table), values


# Guesses.


def regressors(level: Level, field: Field, values: NDArray[np.int16], guides: list[NDArray[Any]]) -> Floats:
    """What guesses of a level's blocks are made of: (N, 64 (known + 1 + guides)), of which the blocks' own lie behind
    those of their neighbours.
    """
    whole = np.vstack([values * field.table, np.zeros((1, 64))])
    parts = [whole[near] for near in level.near]
    for part, inside in zip(parts, level.inside, strict=True):
        part[:, 1:] *= inside[:, None]
    parts.append(whole[level.blocks])
    parts += [guide[level.blocks] if len(guide) == len(values) else np.zeros_like(parts[-1]) for guide in guides]
    return np.concatenate(parts, axis=1)


def used(known: tuple[int, ...], place: int, guides: int) -> list[int]:
    """The regressors that the guess of a place uses: of its row or column, of low frequencies at corners."""
    v, u = divmod(place, 8)
    row, column = [8 * v + x for x in range(8)], [8 * y + u for y in range(8)]
    corner = sorted({8 * y + x for y in range(3) for x in range(3)} | {place})
    found = [64 * n + at for n, d in enumerate(known) for at in (row if d < 2 else column if d < 4 else corner)]
    own = 64 * len(known)
    found += [own + at for at in sorted({*row, *column}) if ZIGZAG[at] > ZIGZAG[place]]
    return found + [own + 64 * (guide + 1) + place for guide in range(guides)]


def guesses(data: list[JpegFile]) -> Arrays:
    """Weights of all predictors."""
    tables: Arrays = {}
    surprises: list[list[NDArray[Any]]] = [[] for _ in data]
    for kind in range(3):
        grams: dict[int, Floats] = {}
        known: dict[int, tuple[int, ...]] = {}
        for file, guides in zip(data, surprises, strict=True):
            field, values = natural(file, kind)
            for level in levels(field.rows, field.columns):
                rows, own = regressors(level, field, values, guides), 64 * len(level.known)
                energy = (rows[:, own + 1 : own + 64] ** 2).sum(1) / 8
                rows /= np.sqrt(200 + energy)[:, None]
                grams[level.number] = grams.get(level.number, 0) + rows.T @ rows
                known[level.number] = level.known
        solved = {}
        for number, gram in grams.items():
            own, weights = 64 * len(known[number]), np.zeros((64, len(gram)))
            for place in range(64):
                which = used(known[number], place, kind)
                if which:
                    part = gram[np.ix_(which, which)]
                    ridge = np.diag(np.diag(part) * 1e-4 + 1e-6 * np.trace(part) / len(which) + 1e-9)
                    weights[place, which] = np.linalg.solve(part + ridge, gram[which, own + place])
            weights = np.clip(np.rint(weights * SCALE), -4 * SCALE, 4 * SCALE)
            weights[np.abs(weights) < 6] = 0
            solved[number] = weights / SCALE
            luma, first = (np.diag(weights[:, own + at : own + at + 64]) if weights.shape[1] >= own + at + 64 else
                           np.zeros(64) for at in (64, 128))  # fmt: skip
            parts = (weights[:, :own], weights[:, own : own + 64], first, luma)
            tables |= {f"guess{kind}_{number}.{n}": p.astype(np.int16) for n, p in zip(PARTS, parts, strict=True)}
        for file, guides in zip(data, surprises, strict=True):
            field, values = natural(file, kind)
            wrong = np.zeros(values.shape)
            for level in levels(field.rows, field.columns):
                truth = values[level.blocks] * field.table
                wrong[level.blocks] = truth - regressors(level, field, values, guides) @ solved[level.number].T
                wrong[level.blocks] *= ends(values[level.blocks])[:, None] >= DIAGONALS
            guides.append(wrong)
    return tables


# Networks.


class Watched(walk._Level):
    """A level that codes nothing, and keeps what its networks see and should say."""

    samples: ClassVar[dict[str, list[tuple[NDArray[np.uint8], NDArray[np.int64]]]]] = {}
    rng: ClassVar[np.random.Generator] = np.random.default_rng(0)
    share: ClassVar[float] = 0.15

    def _tops(self) -> NDArray[np.int16]:
        top = ends(self._true.T)
        self._keep(f"top{min(self._kind, 1)}", self._sight.top(), top)
        return top

    def _code(self, place: int, here: Any, guess: Any, inputs: NDArray[np.float32]) -> NDArray[np.int16]:
        true = self._true[place, here]
        self._keep(
            f"net{min(self._kind, 1)}_{group_of(place)}", inputs, (true - (guess + 8 >> 4)) * np.where(guess < 0, -1, 1)
        )
        self._values[place, here] = true
        self._surprise[place, here] = 16 * true.astype(np.int64) - guess
        return true

    def _keep(self, name: str, inputs: NDArray[np.float32], truth: NDArray[Any]) -> None:
        some = self.rng.random(truth.size) < self.share
        pair = inputs[:, some].T.astype(np.uint8), truth[some].astype(np.int64)
        self.samples.setdefault(name, []).append(pair)


def bits_of(truth: torch.Tensor, top: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """The bits of what a network foretells, and which of them are coded."""
    if top:
        diagonals = torch.arange(14, 0, -1)
        return (truth[:, None] == diagonals).float(), (truth[:, None] <= diagonals).float()
    size, positive, some = truth.abs(), truth > 0, truth != 0
    limits = (2, 4, 8, 16, 32)
    bits = [some, positive, size > 1, size > 1, *(size > limit for limit in limits)]
    coded = [
        torch.ones_like(some),
        some,
        some & positive,
        some & ~positive,
        *(size > limit for limit in (1, *limits[:-1])),
    ]
    for step in (1, 2, 3, 4):
        bits.append(size > (1 << step) + (1 << step - 1))
        coded.append((size > 1 << step) & (size <= 2 << step))
    assert len(bits) == OUTPUTS
    return torch.stack(bits, 1).float(), torch.stack(coded, 1).float()


def fit(name: str, inputs: NDArray[np.uint8], truth: NDArray[np.int64], steps: int, hidden: int) -> Arrays:
    """Train a network and round it."""
    top, batch = name.startswith("top"), 2048
    x, y = torch.from_numpy(inputs), torch.from_numpy(truth)
    draw = torch.Generator().manual_seed(0)
    first = (torch.randn(x.shape[1], hidden, generator=draw) * 0.25 / math.sqrt(x.shape[1])).requires_grad_()
    bias = torch.rand(hidden, generator=draw).mul_(0.5).requires_grad_()
    second = (torch.randn(hidden, 14 if top else OUTPUTS, generator=draw) * 0.05).requires_grad_()
    offset = torch.zeros(second.shape[1], requires_grad=True)
    steps = max(200, min(steps, 12 * len(x) // batch))
    optimiser = torch.optim.Adam([first, bias, second, offset], lr=5e-3)
    rates = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1, (step + 1) / 100) * 0.5 * (1 + math.cos(math.pi * min(1, step / steps))) + 1e-3
    )
    for _ in range(steps):
        some = torch.randint(len(x), (batch,), generator=draw)
        bits, coded = bits_of(y[some], top)
        logits = torch.clamp(x[some].float() / 16 @ first + bias, 0, 15.94) @ second + offset
        costs = torch.nn.functional.binary_cross_entropy_with_logits(logits, bits, reduction="none")
        loss = (costs * coded).sum(1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rates.step()
        with torch.no_grad():
            first.clamp_(-7.9, 7.9)
            second.clamp_(-7.9, 7.9)
    print(f"{name}: {len(x):,} samples, {steps} steps, {loss.item() / math.log(2):.4f} bits at the end", flush=True)
    whole = {
        "first": np.rint(first.detach().numpy().T * 256).astype(np.int16),
        "bias": np.rint(bias.detach().numpy() * 4096).astype(np.int32) + 128,  # half a unit: floor rounds
        "second": np.rint(second.detach().numpy().T * 256).astype(np.int16),
        "offset": np.rint(offset.detach().numpy() * 4096).astype(np.int32) + 32,
    }
    for weights, added, largest in (("first", "bias", 127), ("second", "offset", 255)):
        sums = np.abs(whole[weights].astype(np.int64)).sum(1) * largest + np.abs(whole[added])
        assert sums.max() < 1 << 24, f"{name}: a sum could leave the whole numbers of float32"
    return {f"{name}.{part}": array for part, array in whole.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the package")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--hidden", type=int, default=40)
    given = parser.parse_args()
    data = list(files(given.data, np.random.default_rng(1)))
    tables = guesses(data)
    predictors = [
        [Predictor(*(tables[f"guess{kind}_{n}.{part}"].astype(float) for part in PARTS)) for n in range(LEVELS)]
        for kind in range(3)
    ]
    walk._Level = Watched
    for file in data:
        fields: list[Field] = []
        for kind in range(len(file.planes)):
            field, values = natural(file, kind)
            model = SimpleNamespace(predictors=predictors, chances=np.zeros(1))
            walk.code_component(None, model, kind, field, fields[:kind], values)
            fields.append(field)
    for name, pairs in Watched.samples.items():
        inputs, truth = (np.concatenate(part)[:MOST_SAMPLES] for part in zip(*pairs, strict=True))
        tables |= fit(name, inputs, truth, given.steps, given.hidden)
    logits = np.arange(-704, 705) / 64
    tables["chances"] = np.clip(np.rint(65536 / (1 + np.exp(-logits))), 1, 65535).astype(np.uint16)
    given.out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(given.out / "tables.npz", **tables)
    digest = package_digest("jpeg", {}, {"tables.npz": (given.out / "tables.npz").read_bytes()})
    card = {"name": given.out.name, "codec": "jpeg", "format": 1, "sha256": digest.hex(), "config": {}}
    (given.out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
