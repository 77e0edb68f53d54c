"""What the routes give for good requests."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

import latentpress
from latentpress.image import Image, read
from latentpress.metrics import psnr


def from_data_url(url: str) -> Image:
    return read(io.BytesIO(base64.b64decode(url.removeprefix("data:image/png;base64,"))))


def test_compress_gives_what_the_library_gives(client: Any, crop: Image, crop_png: bytes) -> None:
    answer = client.post("/compress", params={"quality": 20, "verify": True}, content=crop_png)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert (answer.headers["x-latentpress-width"], answer.headers["x-latentpress-height"]) == ("256", "192")
    assert float(answer.headers["x-latentpress-bpp"]) == pytest.approx(8 * len(answer.content) / 256 / 192, abs=1e-4)
    restored = latentpress.decompress(answer.content)
    assert float(answer.headers["x-latentpress-psnr"]) == pytest.approx(psnr(crop.pixels, restored.pixels), abs=0.01)


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("lossless=true", lambda crop, data: latentpress.decompress(data) == crop),
        ("max_error=2", lambda crop, data: latentpress.inspect(data).codec == "mlp-lossless"),
        ("size=700", lambda crop, data: 500 < len(data) <= 700),
        ("bpp=0.5", lambda crop, data: abs(8 * len(data) / (96 * 72) - 0.5) < 0.03),
        ("tune=ms-ssim", lambda crop, data: data == latentpress.compress(crop, tune="ms-ssim", threads=1)),
    ],
)
def test_settings_are_those_of_the_library(client: Any, crop: Image, query: str, holds: Any) -> None:
    small = Image(crop.pixels[:72, :96].copy())
    answer = client.post(f"/compress?{query}", content=png_of(small))
    assert answer.status_code == 200, answer.text
    assert holds(small, answer.content)


@pytest.mark.parametrize("field", ["file", "picture"])
def test_a_form_is_as_good_as_a_body(client: Any, crop_png: bytes, field: str) -> None:
    form = client.post("/compress", files={field: ("photo.png", crop_png, "image/png")})
    body = client.post("/compress", content=crop_png, headers={"content-type": "image/png"})
    curl = client.post("/compress", content=crop_png, headers={"content-type": "application/x-www-form-urlencoded"})
    assert form.status_code == body.status_code == curl.status_code == 200
    assert form.content == body.content == curl.content
    assert "x-latentpress-psnr" not in body.headers


def test_decompress_round_trip(client: Any, crop_lpx: bytes) -> None:
    answer = client.post("/decompress", content=crop_lpx)
    assert answer.headers["content-type"] == "image/png"
    given = read(io.BytesIO(answer.content)).pixels.astype(int)
    assert np.abs(given - latentpress.decompress(crop_lpx).pixels).max() <= 1


def test_decompress_with_another_painter(client: Any, crop_lpx: bytes) -> None:
    given = client.post("/decompress", params={"preview": True}, content=crop_lpx)
    assert read(io.BytesIO(given.content)) == latentpress.decompress(crop_lpx, preview=True, threads=1)
    refused = client.post("/decompress", params={"preview": True, "look": 0.5}, content=crop_lpx)
    assert (refused.status_code, refused.json()) == (422, {"error": "give preview or look, not both"})


@pytest.mark.parametrize(
    ("format", "kind"),
    [("ppm", "PPM"), ("webp", "WEBP"), ("tiff", "TIFF"), ("jpeg", "JPEG"), ("bmp", "BMP"), ("jpeg2000", "JPEG2000")],
)
def test_decompress_to_other_formats(client: Any, crop_lpx: bytes, format: str, kind: str) -> None:
    answer = client.post("/decompress", params={"format": format}, files={"file": crop_lpx})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/")
    with PillowImage.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size) == (kind, (256, 192))


def test_inspect(client: Any, crop_lpx: bytes) -> None:
    found = client.post("/inspect", content=crop_lpx).json()
    info = latentpress.inspect(crop_lpx)
    assert (found["codec"], found["model_name"], found["rate"]) == (info.codec, info.model_name, info.rate)
    assert (found["bpp"], found["overhead_bytes"]) == (info.bpp, info.overhead_bytes)
    assert found["chunks"][0]["name"] == "symbols"


def test_codecs(client: Any) -> None:
    found = client.get("/codecs").json()
    assert "hyperprior" in [row["id"] for row in found["codecs"]]
    rows = {row["id"]: row for row in found["preview"]}
    assert rows["hyperprior"]["own"]
    assert not rows["jpeg-420"]["own"]
    assert rows["png"]["lossless"]
    assert all(
        min(r["smallest"], r["largest"]) <= r["usual"] <= max(r["smallest"], r["largest"]) for r in rows.values()
    )


def test_health(client: Any) -> None:
    found = client.get("/health").json()
    assert (found["status"], found["version"]) == ("ok", latentpress.__version__)
    assert (found["capacity"], found["max_upload"], found["max_pixels"]) == (34, 2_000_000, 2**20)


@pytest.mark.parametrize("codec", ["hyperprior", "jpeg-420", "webp", "png"])
def test_preview(client: Any, crop: Image, crop_png: bytes, codec: str) -> None:
    found = client.post("/preview", params={"codec": codec, "original": True}, content=crop_png).json()
    decoded = from_data_url(found["picture"])
    assert from_data_url(found["original"]) == crop
    assert found["bpp"] == 8 * found["bytes"] / (256 * 192)
    assert found["identical"] == (codec == "png") == (decoded == crop)
    if codec == "png":
        assert found["metrics"]["psnr"] is None
    else:
        assert found["metrics"]["psnr"] == pytest.approx(psnr(crop.pixels, decoded.pixels))
    if found["metrics"]["ms_ssim"] is not None:
        assert 0.8 < found["metrics"]["ms_ssim"] <= 1


@pytest.mark.parametrize("codec", ["hyperprior", "jpeg-444"])
def test_preview_at_a_rate(client: Any, crop_png: bytes, codec: str) -> None:
    found = client.post("/preview", params={"codec": codec, "bpp": 0.8}, content=crop_png).json()
    assert found["bpp"] == pytest.approx(0.8, rel=0.05)
    again = client.post("/preview", params={"codec": codec, "quality": found["quality"]}, content=crop_png).json()
    assert again["bytes"] == found["bytes"]
    assert again["original"] is None


def test_preview_of_gray_and_tiny_pictures(client: Any, gray: Image) -> None:
    for codec in ("hyperprior", "webp", "jpeg-420"):  # webp has no gray pictures of its own
        for picture in (gray, Image(np.full((1, 1, 1), 7, np.uint8))):
            found = client.post("/preview", params={"codec": codec}, content=png_of(picture)).json()
            assert (found["width"], found["height"], found["channels"]) == (picture.width, picture.height, 1)
            assert found["metrics"]["ms_ssim"] is None


@pytest.mark.parametrize(
    ("mode", "note"), [("P", ""), ("1", ""), ("RGBA", "alpha"), ("LA", "alpha"), ("I;16", "bits"), ("CMYK", "")]
)
def test_other_kinds_of_pictures(client: Any, mode: str, note: str) -> None:
    stream = io.BytesIO()
    PillowImage.new(mode, (40, 30)).save(stream, "TIFF")
    assert client.post("/compress?verify=true", content=stream.getvalue()).status_code == 200
    answer = client.post("/preview?codec=png", content=stream.getvalue())
    assert answer.status_code == 200
    assert note in answer.json()["note"]


def test_alpha_is_laid_over_white_for_coders_without_it(client: Any) -> None:
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0, :, 3] = (0, 128, 255)
    found = client.post("/preview?codec=png&original=true", content=png_of(Image(pixels))).json()
    assert from_data_url(found["original"]).pixels[0, :, 0].tolist() == [255, 127, 0]
    assert found["identical"]


def png_of(image: Image) -> bytes:
    stream = io.BytesIO()
    latentpress.write_image(image, stream)
    return stream.getvalue()


def test_every_answer_has_the_security_headers(client: Any, crop_png: bytes) -> None:
    from latentpress.apps.serve.answers import SECURITY_HEADERS

    answers = [
        client.get("/"),
        client.get("/page/page.js"),
        client.get("/nothing"),
        client.get("/openapi.json"),
        client.post("/compress", content=crop_png),
        client.post("/compress", content=b""),
        client.post("/preview", params={"quality": "x"}, content=crop_png),
    ]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert "access-control-allow-origin" not in answer.headers


def test_the_page_takes_nothing_from_elsewhere(client: Any) -> None:
    page = client.get("/").text
    assert page.startswith("<!DOCTYPE html>")
    for name in ("page.css", "page.js", "slider.css", "slider.js", "icon.svg", "settings.js", "texts.js", "zip.js"):
        assert name in page + client.get("/page/page.js").text
        text = client.get(f"/page/{name}").text.replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text
        assert "https:" not in text
    assert "https:" not in page
    assert client.get("/docs").status_code == 404  # would fetch its scripts from a public server


def test_description_names_every_route(client: Any) -> None:
    described: dict[str, Any] = client.get("/openapi.json").json()
    assert set(described["paths"]) == {
        "/compress",
        "/decompress",
        "/inspect",
        "/preview",
        "/restore",
        "/codecs",
        "/health",
    }
    for route in ("/compress", "/decompress", "/inspect", "/preview", "/restore"):
        operation = described["paths"][route]["post"]
        assert {"multipart/form-data", "application/octet-stream"} <= set(operation["requestBody"]["content"])
        for status in ("400", "408", "413", "415", "422", "503"):
            schema = operation["responses"][status]["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorAnswer"}


def test_head_and_options(client: Any) -> None:
    for path in ("/", "/health", "/page/page.js"):
        got, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
        assert head.headers["content-length"] == got.headers["content-length"]
    assert client.head("/compress").status_code == 405
    assert client.head("/nothing").status_code == client.options("/nothing").status_code == 404
    for path, methods in (("/compress", "OPTIONS, POST"), ("/health", "GET, HEAD, OPTIONS")):
        answer = client.options(path)
        assert (answer.status_code, answer.headers["allow"], answer.content) == (204, methods, b"")


def test_restore(client: Any, crop: Image) -> None:
    stream = io.BytesIO()
    crop.to_pillow().save(stream, "JPEG", quality=15)
    answer = client.post("/restore", content=stream.getvalue())
    assert (answer.headers["x-latentpress-quality"], answer.headers["x-latentpress-origin"]) == ("15", "file")
    clean = latentpress.read_image(io.BytesIO(answer.content))
    before = psnr(crop.pixels, latentpress.read_image(io.BytesIO(stream.getvalue())).pixels)
    assert psnr(crop.pixels, clean.pixels) > before + 0.3
    assert client.post("/restore?quality=0", content=stream.getvalue()).status_code == 422
    refused = client.post("/restore", content=png_of(Image(np.zeros((40, 40, 3), np.uint8))))
    assert (refused.status_code, "JPEG" in refused.json()["error"]) == (400, True)


def test_a_mask_says_where_it_matters(client: Any, crop: Image, crop_png: bytes) -> None:
    mask = np.zeros((48, 64), np.uint8)  # a quarter of the picture's sides
    mask[16:32, 16:40] = 255
    files = {"file": ("a.png", crop_png), "roi_mask": ("m.png", png_of(Image(mask[:, :, None])))}
    data = client.post("/compress?quality=30", files=files).content
    weights = np.kron(mask, np.ones((4, 4), np.uint8))
    inside = weights > 0
    usual = latentpress.decompress(client.post("/compress?quality=30", content=crop_png).content)

    def error(image: Image) -> float:
        return float(np.mean((image.pixels[inside].astype(float) - crop.pixels[inside]) ** 2))

    assert error(latentpress.decompress(data)) < error(usual)
    assert client.post("/preview?quality=30", files=files).json()["bytes"] == pytest.approx(len(data), abs=64)
    for path in ("/compress?codec=mlp-lossless", "/preview?codec=png", "/decompress", "/restore"):
        assert client.post(path, files=files).status_code in (400, 422), path


def test_a_jpeg_file_is_kept_to_its_bytes(client: Any, crop: Image) -> None:
    stream = io.BytesIO()
    crop.to_pillow().save(stream, "JPEG", quality=80)
    packed = client.post("/compress?lossless=true", content=stream.getvalue())
    assert packed.headers["x-latentpress-codec"] == "jpeg"
    assert len(packed.content) < len(stream.getvalue())
    assert client.post("/decompress?format=jpeg", content=packed.content).content == stream.getvalue()
    assert client.post("/decompress", content=packed.content).content.startswith(b"\x89PNG")


def test_frames_that_are_left_out_are_told(client: Any, crop: Image) -> None:
    frame, stream = crop.to_pillow(), io.BytesIO()
    frame.save(stream, "GIF", save_all=True, append_images=[frame.rotate(180)])
    told = client.post("/compress", content=stream.getvalue()).headers["x-latentpress-warning"]
    assert "only the first of 2 frames" in told
