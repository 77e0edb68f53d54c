"""Adding a system touches one folder and one number: a toy in a temporary folder passes the whole conformance suite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from latentpress.catalogue import folder_of

HERE = Path(__file__).parent

DECLARATION = '''
"""A toy: samples in coarse steps, deflated."""

from latentpress.catalogue import System

SYSTEM = System(id="toy", about="samples in coarse steps, deflated", codec="codec:ToyCodec")
'''

CODEC = '''
"""`ToyCodec`: samples in coarse steps."""

import zlib
from typing import Any, ClassVar

import numpy as np

from latentpress import container
from latentpress.codecs.base import Codec, Region, check_quality
from latentpress.codecs.packing import check_kinds, colour_of, pack_sides, unpack
from latentpress.container import STREAM, Chunk, Header
from latentpress.errors import CorruptFileError, UnsupportedError
from latentpress.image import Image


class ToyCodec(Codec):
    """Samples in coarse steps, deflated: a codec that shows what a codec needs."""

    id: ClassVar[str] = "toy"
    takes: ClassVar[frozenset[str]] = frozenset({"level"})

    def __init__(self, level: int = 9) -> None:
        self.level = level

    def config(self) -> dict[str, Any]:
        return {"level": self.level}

    def encode(self, image: Image, quality: float = 50.0) -> bytes:
        rate, colour = int(check_quality(quality)), colour_of(image)
        steps = np.rint(colour / self._step(rate, image.peak)).astype("<u2")
        crc = zlib.crc32(bytes([rate, *steps.shape]) + steps.tobytes()).to_bytes(4, "little")
        header = Header(self.number, bytes(8), image.width, image.height, image.channels, rate, image.bit_depth)
        stream = Chunk(STREAM, crc + zlib.compress(steps.tobytes(), self.level))
        return container.write(header, [*pack_sides(image), stream])

    def decode(self, data: bytes) -> Image:
        header, chunks = container.read(data)
        if header.codec != self.number:
            raise UnsupportedError(f"this is a file of codec number {header.codec}, not of {self.id}")
        check_kinds(chunks, (STREAM,))
        streams = [chunk.payload for chunk in chunks if chunk.kind == STREAM]
        if len(streams) != 1 or header.rate > 100:
            raise CorruptFileError("a toy has one stream, and a rate of 0 to 100")
        shape = (header.height, header.width, 1 if header.channels < 3 else 3)
        size, inflate = 2 * int(np.prod(shape)), zlib.decompressobj()
        try:
            raw = inflate.decompress(bytes(streams[0][4:]), size + 1)
        except zlib.error as error:
            raise CorruptFileError(f"the stream is damaged: {error}") from None
        crc = zlib.crc32(bytes([header.rate, *shape]) + raw).to_bytes(4, "little")
        if len(raw) != size or not inflate.eof or inflate.unused_data or crc != bytes(streams[0][:4]):
            raise CorruptFileError("the stream is damaged")
        peak = 2**header.bit_depth - 1
        samples = np.frombuffer(raw, "<u2").reshape(shape) * self._step(header.rate, peak)
        colour = np.rint(samples).clip(0, peak).astype(np.uint8 if header.bit_depth == 8 else np.uint16)
        return unpack(colour, header, chunks, Region(0, 0, header.width, header.height))

    @staticmethod
    def _step(rate: int, peak: int) -> float:
        return peak / (2 + rate)
'''

NUMBER = """
import latentpress.catalogue
import latentpress.systems

latentpress.catalogue.NUMBERS[200] = "toy"
latentpress.systems.__path__.append({folder!r})
"""


def _suite(tmp_path: Path, suite: str, least: int) -> None:
    """A suite over the system in ``tmp_path / "systems" / "toy"`` passes, with at least so many tests."""
    (tmp_path / "number.py").write_text(NUMBER.format(folder=str(tmp_path / "systems")))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "number", str(HERE / suite), "-k", "[toy"]
    path = os.pathsep.join([str(HERE.parents[1] / "src"), str(tmp_path)])
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=HERE.parents[1], env=os.environ | {"PYTHONPATH": path}
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert int(done.stdout.rpartition(" passed")[0].rpartition("\n")[2]) >= least


def test_a_toy_codec_passes_the_suite(tmp_path: Path) -> None:
    system = tmp_path / "systems" / "toy"
    system.mkdir(parents=True)
    (system / "__init__.py").write_text(DECLARATION.lstrip())
    (system / "codec.py").write_text(CODEC.lstrip())
    _suite(tmp_path, "test_every_system.py", 20)


def test_a_toy_training_passes_the_suite(tmp_path: Path) -> None:
    """The system `pca-blocks` under another name, in another folder: run, cut, taken up, exported, coded with."""
    system = tmp_path / "systems" / "toy"
    system.mkdir(parents=True)
    for file in (*folder_of("pca-blocks").glob("*.py"), HERE / "tiny" / "pca-blocks.toml"):
        text = file.read_text(encoding="utf-8").replace("pca-blocks", "toy").replace("pca_blocks", "toy")
        (system / ("tiny.toml" if file.suffix == ".toml" else file.name)).write_text(text, encoding="utf-8")
    _suite(tmp_path, "test_every_training.py", 4)
