"""SPIHT: the bits of the paper's lists, files that are cut, what they are worth."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress import container
from latentpress.codecs.ports import Writing
from latentpress.codecs.targets import psnr_of
from latentpress.codecs.trees import Trees
from latentpress.codecs.zerotrees import LAYERS
from latentpress.image import Image
from latentpress.systems.spiht.codec import SpihtCodec
from latentpress.transforms.bands import Gathered

TOP = 7
Node = tuple[int, int, int, int]  # band, plane, row, column


class _Tallied(Writing):
    """Counts the bits by what they are."""

    def __init__(self) -> None:
        super().__init__()
        self.tally: Counter[str] = Counter()

    def bits(self, wanted: Any, index: Any, chances: Any, name: str = "bits") -> Any:
        self.tally[name] += len(index)
        return super().bits(wanted, index, chances, name)


class _Lists:
    """The algorithm as the paper has it: lists, one entry at a time."""

    def __init__(self, bands: list[NDArray[Any]]) -> None:
        self.bands, self.tally = bands, Counter[str]()
        roots = [(0, *place) for place in np.ndindex(bands[0].shape)]
        self.lip: list[Node] = list(roots)
        self.lis: list[tuple[Node, str]] = [(root, "A") for root in roots]
        self.lsp: list[Node] = []

    def children(self, node: Node) -> list[Node]:
        band, plane, row, column = node
        if band + 1 == len(self.bands):
            return []
        if band == 0:
            return [(1, 3 * plane + n, row, column) for n in range(3)]
        return [(band + 1, plane, 2 * row + y, 2 * column + x) for y in range(2) for x in range(2)]

    def largest(self, node: Node) -> int:
        return max((max(self.size(child), self.largest(child)) for child in self.children(node)), default=0)

    def size(self, node: Node) -> int:
        return abs(int(self.bands[node[0]][node[1:]]))

    def test(self, node: Node, plane: int) -> bool:
        self.tally["significance"] += 1
        if not self.size(node) >> plane:
            return False
        self.tally["even"] += 1
        self.lsp.append(node)
        return True

    def plane(self, plane: int) -> None:
        self.tally["finer"] += len(self.lsp)
        self.lip = [node for node in self.lip if not self.test(node, plane)]
        queue, kept = list(self.lis), []
        for node, kind in queue:  # grows while it runs
            self.tally["sets"] += 1
            below = self.children(node) if kind == "A" else []
            deep = max(self.largest(child) for child in self.children(node)) if kind == "B" else self.largest(node)
            if not deep >> plane:
                kept.append((node, kind))
            elif kind == "A":
                self.lip += [child for child in below if not self.test(child, plane)]
                if self.children(below[0]):
                    queue.append((node, "B"))
            else:
                queue += [(child, "A") for child in self.children(node)]
        self.lis = kept


def test_as_many_bits_as_the_lists_of_the_paper() -> None:
    rng = np.random.default_rng(1)
    shapes = Gathered(3, 3).shapes(2, 3)
    bands = [np.rint(rng.laplace(0, 60 / 4**n, shape)).astype(np.int32) for n, shape in enumerate(shapes)]
    bands = [np.clip(band, 1 - 2 ** (TOP + 1), 2 ** (TOP + 1) - 1) for band in bands]
    lists, trees = _Lists(bands), Trees(shapes, TOP)
    for plane in range(TOP, -1, -1):
        port = _Tallied()
        lists.tally.clear()
        lists.plane(plane)
        for part in (trees.alone, trees.sets, trees.refine):
            part(port, plane, bands)
        assert +port.tally == +lists.tally
    assert np.array_equal(trees.signed(), np.concatenate([band.ravel() for band in bands]))


@pytest.fixture(scope="module")
def scene(photograph: Image) -> Image:
    return Image(photograph.pixels[:64, :96].copy())


def test_each_layer_is_worth_something(scene: Image) -> None:
    codec = SpihtCodec()
    data = codec.encode(scene, 60)
    count = container.read_header(data).rate
    assert count < len(LAYERS)
    errors = [psnr_of(scene, codec.decode(container.keep_layers(data, n))) for n in range(1, count + 1)]
    assert errors == sorted(errors)


def test_fewer_bytes_than_jpeg(photograph: Image) -> None:
    stream = io.BytesIO()
    PillowImage.fromarray(photograph.pixels).save(stream, "JPEG", quality=30)
    theirs = Image(np.asarray(PillowImage.open(stream).convert("RGB")))
    ours = SpihtCodec().encode(photograph, 45)
    assert psnr_of(photograph, SpihtCodec().decode(ours)) > psnr_of(photograph, theirs)
    assert len(ours) < 0.85 * len(stream.getvalue())
