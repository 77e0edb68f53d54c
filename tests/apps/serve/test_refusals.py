"""Bad input of every kind: always a 4xx with one line of JSON, never a 5xx."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image as PillowImage

import latentpress
from latentpress import container
from latentpress.container import MAGIC, STREAM, Chunk, Header
from latentpress.image import Image

httpx = pytest.importorskip("httpx")


def refused(answer: httpx.Response, status: int | None = None, words: str = "") -> str:
    """The reason of a 4xx; checks its form."""
    body = answer.json()
    assert list(body) == ["error"]
    reason: str = body["error"]
    assert reason
    assert "\n" not in reason
    assert "Traceback" not in reason
    assert 400 <= answer.status_code < 500, reason
    assert status in (None, answer.status_code), reason
    assert words in reason
    return reason


def png_header(width: int, height: int) -> bytes:
    """A PNG file that claims these sides and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("route", ["/compress", "/decompress", "/inspect", "/preview"])
def test_empty_body(client: Any, route: str) -> None:
    refused(client.post(route), 400, "empty")
    refused(client.post(route, files={"file": ("a.png", b"")}), 400, "empty")


@pytest.mark.parametrize("route", ["/compress", "/decompress", "/inspect", "/preview"])
@pytest.mark.parametrize("body", [b"Dear Sir,\n", b"\0" * 5000, b"\xff\xd8\xff\xe0", b"%!PS-Adobe\n", b"{}"])
def test_text_and_other_kinds_of_files(client: Any, route: str, body: bytes) -> None:
    refused(client.post(route, content=body), 400)
    refused(client.post(route, files={"file": body}), 400)


def test_a_picture_is_no_lpx_file_and_the_reverse(client: Any, crop_png: bytes, crop_lpx: bytes) -> None:
    refused(client.post("/decompress", content=crop_png), 400, "not an .lpx file")
    refused(client.post("/compress", content=crop_lpx), 400)


@pytest.mark.parametrize("sides", [(32768, 32768), (2**20, 1024), (2**31 - 1, 2**31 - 1), (1025, 1024)])
def test_a_picture_that_claims_too_many_pixels(client: Any, sides: tuple[int, int]) -> None:
    for route in ("/compress", "/preview"):
        refused(client.post(route, content=png_header(*sides)), 413, "1048576 pixels")


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_real_pictures_above_the_limit(client: Any, format: str) -> None:
    stream = io.BytesIO()
    PillowImage.new("L", (1100, 1000)).save(stream, format)
    refused(client.post("/compress", content=stream.getvalue()), 413, "pixels")


def rewritten(data: bytes, *, payload: bytes | None = None, **header: Any) -> bytes:
    """The file with another header or stream, its checksums right."""
    old, (chunk, *_) = container.read(data)
    values = {name: getattr(old, name) for name in ("codec", "model", "width", "height", "channels", "rate")}
    stream = Chunk(STREAM, chunk.payload if payload is None else payload)
    return container.write(Header(**(values | header)), [stream])


def test_an_lpx_file_that_claims_too_many_pixels(client: Any, crop_lpx: bytes) -> None:
    refused(client.post("/decompress", content=rewritten(crop_lpx, width=2**15, height=2**15)), 413)
    refused(client.post("/inspect", content=rewritten(crop_lpx, width=2**15, height=2**15)), 413)
    refused(client.post("/decompress", content=rewritten(crop_lpx, width=1025, height=1024)), 413)


def damaged(data: bytes) -> Iterator[bytes]:
    """Cut, changed, lengthened and swapped; with checksums that are wrong and checksums that are right."""
    rng = random.Random(7)
    yield from (data[:end] for end in [*range(48), *range(48, len(data), 97)])
    for position in range(40):
        yield data[:position] + bytes([data[position] ^ 1 << rng.randrange(8)]) + data[position + 1 :]
    for _ in range(150):
        changed = bytearray(data)
        for _ in range(rng.randint(1, 8)):
            changed[rng.randrange(len(changed))] ^= rng.randint(1, 255)
        if changed != data:
            yield bytes(changed)
    yield from (data + b"\0", data + data, data[::-1], MAGIC, MAGIC + bytes(100), data.replace(b"\r\n", b"\n", 1))
    payload = container.read(data)[1][0].payload
    for trial in range(60):
        changed = bytearray(payload)
        for _ in range(1 + trial % 3):
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
        if changed != payload:
            yield rewritten(data, payload=bytes(changed))
    yield from (rewritten(data, payload=payload[:cut]) for cut in (0, 1, 5, len(payload) // 2, len(payload) - 1))
    yield from (rewritten(data, **other) for other in ({"rate": 12}, {"rate": 999}, {"width": 40}, {"height": 300}))
    yield rewritten(data, model=b"\1" * 8)
    yield rewritten(data, codec=77)


def test_damaged_lpx_files(client: Any, crop: Image, crop_lpx: bytes) -> None:
    count = 0
    for body in damaged(latentpress.compress(crop.pixels[:64, :80], 20)):
        refused(client.post("/decompress", content=body))
        answer = client.post("/inspect", content=body)
        assert answer.status_code < 500  # a wrong symbol behind right checksums is not seen without decoding
        count += 1
    assert count > 300
    assert client.post("/decompress", content=crop_lpx).status_code == 200


def test_damaged_pictures(client: Any, crop_png: bytes) -> None:
    rng = random.Random(9)
    files = [crop_png]
    with PillowImage.open(io.BytesIO(crop_png)) as picture:
        for format in ("JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF"):
            stream = io.BytesIO()
            picture.resize((64, 48)).save(stream, format)
            files.append(stream.getvalue())
    for data in files:
        for end in (1, 8, 30, len(data) // 2, len(data) - 1):
            assert client.post("/compress", content=data[:end]).status_code in (200, 400, 413, 415)
        for _ in range(12):
            changed = bytearray(data)
            for _ in range(rng.randint(1, 20)):
                changed[rng.randrange(min(len(changed), 200))] = rng.randrange(256)
            assert client.post("/compress", content=bytes(changed)).status_code in (200, 400, 413, 415)


@pytest.mark.parametrize("mode", ["F"])
def test_samples_that_are_not_supported(client: Any, mode: str) -> None:
    stream = io.BytesIO()
    PillowImage.new(mode, (8, 8)).save(stream, "TIFF")
    for route in ("/compress", "/preview"):
        refused(client.post(route, content=stream.getvalue()), 415)


@pytest.mark.parametrize(
    ("route", "query", "words"),
    [
        ("/compress", "codec=nonsense", "no codec 'nonsense'"),
        ("/compress", "codec=", "no codec ''"),
        ("/compress", "codec=" + "x" * 100, "codec"),
        ("/compress", "codec=jpeg-420", "no codec"),
        ("/compress", "quality=-1", "quality"),
        ("/compress", "quality=100.1", "quality"),
        ("/compress", "quality=nan", "quality"),
        ("/compress", "quality=inf", "quality"),
        ("/compress", "quality=good", "quality"),
        ("/compress", "psnr=perhaps", "psnr"),
        ("/compress", "verify=perhaps", "verify"),
        ("/compress", "qualty=30", "no parameter 'qualty'"),
        ("/compress", "quality=30&quality=40", "'quality' is there twice"),
        ("/compress", "quality=30&size=4000", "one of quality, size"),
        ("/compress", "codec=mlp-lossless&quality=30", "goes with no quality"),
        ("/compress", "lossless=true&tune=mse", "lossless goes with no tune"),
        ("/compress", "codec=importance-map&tune=ms-ssim", "'importance-map' has no setting 'tune'"),
        ("/preview", "psnr=30", "no parameter 'psnr'"),
        ("/inspect", "json=1", "no parameter 'json'"),
        ("/preview", "codec=nonsense", "no coder 'nonsense'"),
        ("/preview", "codec=jpeg-420&quality=101", "quality of jpeg-420"),
        ("/preview", "codec=jpeg-420&quality=50.5", "whole number"),
        ("/preview", "codec=jpeg-420&quality=50&bpp=1", "not 2 of them"),
        ("/preview", "bpp=0", "bpp"),
        ("/preview", "bpp=-3", "bpp"),
        ("/preview", "bpp=nan", "bpp"),
        ("/decompress", "format=exe", "format"),
        ("/decompress", "format=", "format"),
        ("/decompress", "region=1,2,3,4", "no parameter 'region'"),
    ],
)
def test_wrong_parameters(client: Any, crop_png: bytes, crop_lpx: bytes, route: str, query: str, words: str) -> None:
    body = crop_lpx if route in ("/decompress", "/inspect") else crop_png
    refused(client.post(f"{route}?{query}", content=body), 422, words)


def test_paths_and_methods(client: Any) -> None:
    refused(client.get("/nothing"), 404)
    answer = client.get("/compress")
    refused(answer, 405)
    assert answer.headers["allow"] == "POST"
    for path in ("/page/../app.py", "/page/%2e%2e/app.py", "/page/app.py"):
        refused(client.get(path), 404)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"no form at all"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nvalue\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; filename="a"\r\n\r\nv\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\ncut',
        ),
        ("multipart/form-data; boundary=" + "b" * 5000, b"--"),
    ],
)
def test_damaged_forms(client: Any, kind: str, body: bytes) -> None:
    refused(client.post("/compress", content=body, headers={"content-type": kind}), 400)


def test_a_form_with_two_files(client: Any, crop_png: bytes) -> None:
    files = [("file", ("a.png", crop_png)), ("file", ("b.png", crop_png))]
    refused(client.post("/compress", files=files), 400, "2 files")


def test_a_form_field_that_would_not_be_heeded(client: Any, crop_png: bytes) -> None:
    answer = client.post("/compress", files={"file": ("a.png", crop_png)}, data={"quality": "30"})
    refused(answer, 422, "form field 'quality'")


def test_compressed_transfer(client: Any, crop_png: bytes) -> None:
    refused(client.post("/compress", content=crop_png, headers={"content-encoding": "gzip"}), 415, "gzip")


def test_upload_limit_with_and_without_a_length(client: Any) -> None:
    exact, above = bytes(2_000_000), bytes(2_000_001)
    refused(client.post("/compress", content=exact), 400)
    refused(client.post("/compress", content=above), 413, "started with --max-upload 4MB")
    refused(client.post("/compress", content=iter([above])), 413, "2,000,000 bytes")
    refused(client.post("/compress", content=(bytes(50_000) for _ in range(400))), 413, "2,000,000 bytes")
    refused(client.post("/compress", files={"file": exact}), 400)
    refused(client.post("/compress", files={"file": above}), 413, "2,000,000 bytes")
    refused(client.post("/compress", files={"file": bytes(10_000_000)}), 413, "2,000,000 bytes")
