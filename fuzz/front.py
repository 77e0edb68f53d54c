"""The front of the fuzzer: what a string of bytes does to the library, and what may come of it.

byte 0   the door: which function of the library is called
byte 1   bit 0: the CRCs of chunks are made right; bit 1: those of decoded values hold; the rest goes to the door
byte 2.. what is handed in, most often a file
"""

from __future__ import annotations

import contextlib
import io
import struct
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

import latentpress
import latentpress.pillow
from latentpress import container
from latentpress.catalogue import systems
from latentpress.codecs import get_codec, ports
from latentpress.codecs import tiles as latent_tiles
from latentpress.codecs.base import Codec, Region
from latentpress.codecs.lossless import tiles
from latentpress.codecs.roi import Roi
from latentpress.container import reader, varint
from latentpress.image import Image, Metadata

__all__ = ["DOORS", "Finding", "mutated", "one_input", "seeds", "set_limits"]

ROOT = Path(__file__).parents[1]
MOST_PIXELS = 2**11  # small pictures: more inputs a second


METADATA = Metadata(b"a profile" * 9, b"MM\0*\0\0\0\x08\0\0", b"<xmp/>")


class Finding(Exception):
    """What must not happen, and is no exception by itself."""


class _Holding(bytes):
    """A checksum that any other agrees with."""

    def __ne__(self, other: object) -> bool:
        return False


_holds = False  # whether checksums of decoded values are to agree


def _leniently(original: Callable[..., bytes]) -> None:
    """Put a checksum that holds, when it is to, in the place of a function, wherever that has been imported."""

    def lenient(*arguments: Any) -> bytes:
        found = original(*arguments)
        return _Holding(found) if _holds else found

    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()) if module.__name__.startswith("latentpress") else ():
            if value is original:
                setattr(module, name, lenient)


def _classes() -> dict[str, type[Codec]]:
    """The codecs of the catalogue, loaded."""
    return {one.id: one.load(one.codec) for one in systems() if one.codec}


CODECS = _classes()
_leniently(ports.checksum)
_leniently(tiles._crc)


def set_limits() -> None:
    """Small pictures only, for this process."""
    latentpress.limits.MAX_PIXELS = MOST_PIXELS
    warnings.simplefilter("ignore")


def _decode(data: bytes, more: int) -> None:
    image = latentpress.decompress(data, threads=1)
    header = container.read_header(data)
    if (image.width, image.height, image.channels) != (header.width, header.height, header.channels):
        raise Finding("the picture is not what its header says")


def _region(data: bytes, more: int) -> None:
    x, y, width, height = (1 + value for value in data[:4].ljust(4, b"\0"))
    image = latentpress.decompress(data[4:], (x - 1, y - 1, width, height), threads=1)
    if (image.width, image.height) != (width, height):
        raise Finding("the part has another size than was asked for")


def _layers(data: bytes, more: int) -> None:
    latentpress.decompress(data, layers=1 + more % 8, threads=1)


def _inspect(data: bytes, more: int) -> None:
    latentpress.inspect(data)
    for _ in container.scan(io.BytesIO(data), (1 + more % 12,)):
        pass


def _jpeg_inside(data: bytes, more: int) -> None:
    latentpress.decompress_jpeg(data, threads=1)


def _picture_file(data: bytes, more: int) -> None:
    latentpress.read_image(io.BytesIO(data))


def _keep_jpeg(data: bytes, more: int) -> None:
    kept = get_codec("jpeg", threads=1).encode_file(data)
    if latentpress.decompress_jpeg(kept, threads=1) != data:
        raise Finding("the JPEG file does not come back as it was")


def _restore(data: bytes, more: int) -> None:
    latentpress.restore(data, threads=1)


def _pixels(data: bytes, more: int) -> None:
    """Samples to a file and back: the first bytes say their shape, the codec and its quality."""
    head, rest = data[:4].ljust(4, b"\0"), data[4:]
    height, width, channels, deep = 1 + head[0] % 40, 1 + head[1] % 40, 1 + head[2] % 4, head[2] >> 7
    id = list(CODECS)[head[3] % len(CODECS)]
    kind = np.uint16 if deep else np.uint8
    size = height * width * channels * (1 + deep)
    samples = np.frombuffer((rest * (1 + size // max(1, len(rest)))).ljust(size, b"\0")[:size], kind)
    image = Image(samples.reshape(height, width, channels))
    settings = {"threads": 1} if "threads" in CODECS[id].takes else {}
    codec = get_codec(id, **settings)
    back = codec.decode(codec.encode(image, 100 * (more % 8) / 7))
    if back.pixels.shape != image.pixels.shape or (codec.lossless and back != image):
        raise Finding(f"{id}: the picture does not come back")


def _pillow(data: bytes, more: int) -> None:
    with contextlib.suppress(OSError, SyntaxError, PillowImage.DecompressionBombError):
        PillowImage.open(io.BytesIO(data), formats=["LPX"]).load()


DOORS: tuple[tuple[Callable[[bytes, int], None], bool], ...] = (
    (_decode, True), (_region, True), (_layers, True), (_inspect, True), (_jpeg_inside, True), (_pillow, True),
    (_picture_file, False), (_keep_jpeg, False), (_restore, False), (_pixels, False),
)  # fmt: skip
"""What can be called, and whether it takes an ``.lpx`` file."""


def one_input(data: bytes) -> str:
    """Do what an input says; gives how it ended, in a word. Raises what must not happen."""
    global _holds
    if len(data) < 3:
        return "too short"
    (door, takes_file), flags, rest = DOORS[data[0] % len(DOORS)], data[1], data[2:]
    if takes_file and flags & 1:
        ahead = 4 if door is _region else 0
        rest = rest[:ahead] + with_right_checksums(rest[ahead:])
    _holds = bool(flags & 2)
    try:
        door(rest, flags >> 2)
    except latentpress.LatentPressError as error:
        message = str(error)
        if "\n" in message or not message:
            raise Finding(f"a message of more than one line: {message!r}") from error
        if "please report" in message:
            raise Finding(f"an inner check failed: {message}") from error
        return type(error).__name__
    finally:
        _holds = False
    return "a picture"


def _parts(data: bytes) -> tuple[bytes, list[tuple[int, bytes]], bytes]:
    """A file as header, chunks (first byte, payload), and what is left over, as far as chunks can be told apart."""
    view = memoryview(data)
    try:
        _, position = reader._parse_header(view, container.Limits())
    except latentpress.LatentPressError:
        return b"", [], data
    head, chunks = data[:position], []
    while position < len(view):
        try:
            length, after = varint.decode(view, position + 1)
        except latentpress.LatentPressError:
            break
        chunks.append((data[position], data[after + 4 : after + 4 + length]))
        position = after + 4 + length
        if len(chunks[-1][1]) < length:
            break
    return head, chunks, data[position:]


def _joined(head: bytes, chunks: list[tuple[int, bytes]], tail: bytes) -> bytes:
    """The file of such parts, checksums right."""
    out, crc = bytearray(head), zlib.crc32(head)
    for first, payload in chunks:
        start = bytes([first]) + varint.encode(len(payload))
        crc = zlib.crc32(payload, zlib.crc32(start, crc))
        out += start + crc.to_bytes(4, "little") + payload
    return bytes(out) + tail


def with_right_checksums(data: bytes) -> bytes:
    """The file with each chunk's CRC computed anew, as far as its chunks can be told apart."""
    return _joined(*_parts(data))


def mutated(data: bytes, mutate: Callable[[bytes, int], bytes], most: int, seed: int) -> bytes:
    """An input made another: as bytes, or - most files have lengths in them, which a change of bytes breaks - inside
    one chunk, with chunks moved, doubled and left out. mutate: changes bytes, to so many at most.
    """
    rng = np.random.default_rng(seed)
    front, rest = data[:2], data[2:]
    ahead = 4 if front and DOORS[front[0] % len(DOORS)][0] is _region else 0
    head, chunks, tail = _parts(rest[ahead:])
    if not chunks or rng.random() < 0.3:
        return mutate(data, most)
    choice, place = rng.random(), int(rng.integers(len(chunks)))
    if choice < 0.6:
        first, payload = chunks[place]
        chunks[place] = (first, mutate(payload or b"\0", max(1, min(most - 64, 2 * len(payload) + 16))))
    elif choice < 0.7:
        chunks[place] = (int(rng.integers(256)), chunks[place][1])
    elif choice < 0.8:
        chunks.insert(int(rng.integers(len(chunks) + 1)), chunks[place])
    elif choice < 0.85:
        del chunks[place]
    else:
        head = head[:6] + mutate(head[6:], len(head) - 2)
    if rng.random() < 0.2:
        front = bytes([front[0], int(rng.integers(256))])
    return (front + rest[:ahead] + _joined(head, chunks, tail))[:most]


def seeds() -> Iterator[bytes]:
    """Inputs to begin with: files of every codec through each door, pictures and JPEG files of many kinds, samples."""
    for number, data in enumerate((*_golden(), *_made())):
        for door, (call, takes_file) in enumerate(DOORS):
            if takes_file and (door == 0 or (number + door) % 5 == 0):
                yield bytes([door, 3]) + (bytes(4) if call is _region else b"") + data
    doors = {call: number for number, (call, _) in enumerate(DOORS)}
    yield from _pictures(doors[_picture_file], doors[_keep_jpeg], doors[_restore])
    for number in range(len(CODECS)):
        for shape in (b"\x08\x0b\x02", b"\x12\x09\x80", b"\x05\x15\x03"):
            yield bytes([doors[_pixels], 0x10]) + shape + bytes([number]) + bytes(range(0, 250, 3)) * 4


def _golden() -> Iterator[bytes]:
    """Small golden files."""
    for path in sorted((ROOT / "tests" / "golden").glob("*.lpx")):
        data = path.read_bytes()
        with contextlib.suppress(latentpress.LimitError):
            container.read_header(data)
            yield data


def _made() -> Iterator[bytes]:
    """Small files with alpha and metadata, in one tile and in many, and with a region of interest."""
    y, x = np.mgrid[:17, :100]
    colour = np.stack([x * 5, y * 7, (x * y) % 251], -1).astype(np.uint8)
    small = Image(np.dstack([colour[:14, :19], (x + y)[:14, :19]]).astype(np.uint8), metadata=METADATA)
    usual = latent_tiles._SIDE, latent_tiles._WHOLE
    for id, cls in CODECS.items():
        codec = get_codec(id, **({"threads": 1} if "threads" in cls.takes else {}))
        yield codec.encode(small, 40)
        latent_tiles._SIDE, latent_tiles._WHOLE = 4, 4
        yield codec.encode(Image(colour), 20)
        latent_tiles._SIDE, latent_tiles._WHOLE = usual
        if cls.regions:
            yield codec.encode(Image(colour), 20, roi=Roi.of(100, 17, [Region(8, 3, 20, 9)]))  # type: ignore[call-arg]


def _pictures(picture: int, *jpeg: int) -> Iterator[bytes]:
    y, x = np.mgrid[:13, :18]
    rgb = np.stack([x * 13, y * 17, (x + y) * 7], -1).astype(np.uint8)
    for mode, format, options in (
        ("RGB", "PNG", {}), ("L", "PNG", {}), ("P", "GIF", {}), ("RGBA", "WEBP", {"lossless": True}),
        ("I;16", "PNG", {}), ("CMYK", "TIFF", {}), ("RGB", "BMP", {}), ("LA", "PNG", {}), ("1", "TIFF", {}),
        ("RGB", "JPEG", {}), ("L", "JPEG", {}), ("CMYK", "JPEG", {}), ("RGB", "JPEG", {"progressive": True}),
        ("RGB", "JPEG", {"subsampling": 0, "quality": 95}),
        ("RGB", "JPEG", {"subsampling": 2, "restart_marker_blocks": 1}),
        ("RGB", "JPEG", {"quality": 5, "optimize": True}), ("L", "JPEG", {"progressive": True, "quality": 30}),
    ):  # fmt: skip
        made = io.BytesIO()
        source = PillowImage.fromarray(x.astype("<u2") * 900) if mode == "I;16" else PillowImage.fromarray(rgb)
        (source if mode == "I;16" else source.convert(mode)).save(made, format, **options)
        for door in (picture, *(jpeg if format == "JPEG" else ())):
            yield bytes([door, 0]) + made.getvalue()
    head = struct.pack(">4sI", b"jP  ", 12)
    yield bytes([picture, 0]) + head
