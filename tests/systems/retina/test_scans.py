"""Tissue is found, scans lose their speckle and other pictures are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress import container
from latentpress.codecs import get_codec
from latentpress.codecs.ports import checksum
from latentpress.container import LAYER, MAGIC, Chunk, varint
from latentpress.errors import CorruptFileError, UnsupportedError
from latentpress.image import Image
from latentpress.metrics import ms_ssim
from latentpress.models import find_model
from latentpress.studies.scans import drawn_scan
from latentpress.systems.retina.codec import TissueCodec
from latentpress.systems.retina.scan import tissue_rows


@pytest.fixture(scope="module")
def package() -> None:
    """Skips without the codec's model."""
    try:
        find_model("retina")
    except UnsupportedError:
        pytest.skip("no model of retina is installed")


def test_tissue_is_found_and_nothing_of_it_lost() -> None:
    for number in range(4):
        scan = drawn_scan(number, 248, 320)
        rows = tissue_rows(scan.seen.astype(float))
        assert rows is not None
        bright = np.flatnonzero((scan.clean > 90).mean(axis=1) > 0.05)
        assert rows[0] <= bright[0]
        assert rows[1] > bright[-1]
        assert rows[1] - rows[0] < 0.85 * 248


def test_other_pictures_are_none(photograph: Image, package: None) -> None:
    gray = photograph.pixels.mean(axis=2)
    assert tissue_rows(gray) is None
    assert tissue_rows(np.zeros((40, 60))) is None
    assert tissue_rows(np.ones((3, 200))) is None
    colours = photograph.pixels[:64, :64].copy()
    one, two = get_codec("retina", threads=1), get_codec("hyperprior", threads=1)
    data = one.encode(Image(colours), 40)
    assert one.decode(data) == two.decode(two.encode(Image(colours), 40))


def test_the_network_leaves_speckle_out_and_a_setting_keeps_it(package: None) -> None:
    scan = drawn_scan(5, 248, 320)
    image = Image(scan.seen[:, :, None])
    own, kept = (get_codec("retina", threads=1, despeckle=despeckle) for despeckle in (True, False))
    plain = get_codec("hyperprior", threads=1)
    data = own.encode(image, 50)
    assert len(data) < 0.2 * len(plain.encode(image, 30))
    shown = own.decode(data).pixels[:, :, 0]
    assert ms_ssim(scan.clean, shown) > 0.95 > ms_ssim(scan.clean, scan.seen)
    rows = tissue_rows(scan.seen.astype(float))
    assert rows is not None
    assert abs(int(shown[0, 0]) - scan.clean[: rows[0]].mean()) < 1  # light, of which speckle leaves the mean
    speckled = kept.encode(image, 50)
    assert own.decode(speckled) == kept.decode(speckled)
    assert kept.decode(data) == own.decode(data)
    assert kept.decode(speckled).pixels[rows[0] : rows[1]].std() > shown[rows[0] : rows[1]].std()


def test_a_scan_may_be_rgb_or_deep(package: None) -> None:
    scan = drawn_scan(5, 248, 320).seen[:, :, None]
    codec = get_codec("retina", threads=1)
    gray = codec.decode(codec.encode(Image(scan), 50)).pixels.astype(int)
    colour = codec.decode(codec.encode(Image(np.repeat(scan, 3, axis=2)), 50)).pixels.astype(int)
    assert np.abs(colour - gray).max() <= 1
    deep = codec.decode(codec.encode(Image(scan.astype(np.uint16) * 257), 50)).pixels / 257
    assert np.abs(deep - gray).max() <= 1


def test_inspect_says_what_became_of_speckle(package: None) -> None:
    image = Image(drawn_scan(5, 248, 320).seen[:, :, None])
    for despeckle, speckle in ((True, "left out"), (False, "kept")):
        codec = get_codec("retina", threads=1, despeckle=despeckle)
        facts = codec.facts(*container.read(codec.encode(image, 50), layered=True))
        assert facts["speckle"] == speckle
        assert facts["tissue"].startswith("rows ")


def test_forged_files_are_refused(package: None) -> None:
    image = Image(drawn_scan(5, 248, 320).seen[:, :, None])
    codec = get_codec("retina", threads=1)
    header, chunks = container.read(codec.encode(image, 30), layered=True)
    (layer,) = (bytes(chunk.payload) for chunk in chunks if chunk.kind == LAYER)
    for head in ((240, 16, 1, 1), (16, 16, 256, 1)):
        forged = b"".join(map(varint.encode, head)) + checksum(0, np.array(head)) + layer[layer.index(MAGIC) :]
        with pytest.raises(CorruptFileError, match="rows without tissue"):
            codec.decode(container.write(header, [Chunk(LAYER, forged)]))
    numbers = [8, 8, 40, 40]
    head = b"".join(map(varint.encode, numbers)) + checksum(0, np.array(numbers))
    tissue = TissueCodec(threads=1)
    inside = Image(image.pixels[8:-8])
    for file, reason in (
        (tissue.encode(Image(inside.pixels[:-1]), 30), "another kind of picture"),
        (get_codec("factorised", threads=1).encode(inside, 30), "another kind of picture"),
        (codec.encode(inside, 30), "another kind of picture"),  # a file in layers inside of one
    ):
        with pytest.raises(CorruptFileError, match=reason):
            codec.decode(container.write(header, [Chunk(LAYER, head + file)]))
