"""Scans are found, smoothed and cropped; other pictures are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress import container
from latentpress.codecs import get_codec
from latentpress.codecs.ports import checksum
from latentpress.container import LAYER, Chunk, varint
from latentpress.errors import CorruptFileError
from latentpress.image import Image
from latentpress.studies.scans import drawn_scan
from latentpress.systems.retina.scan import despeckled, speckle_of, tissue_rows


def test_tissue_is_found_and_nothing_of_it_lost() -> None:
    for number in range(4):
        scan = drawn_scan(number, 248, 320)
        rows = tissue_rows(scan.seen.astype(float))
        assert rows is not None
        bright = np.flatnonzero((scan.clean > 90).mean(axis=1) > 0.05)
        assert rows[0] <= bright[0]
        assert rows[1] > bright[-1]
        assert rows[1] - rows[0] < 0.85 * 248


def test_other_pictures_are_none(photograph: Image) -> None:
    gray = photograph.pixels.mean(axis=2)
    assert tissue_rows(gray) is None
    assert tissue_rows(np.zeros((40, 60))) is None
    assert tissue_rows(np.ones((3, 200))) is None
    colours = photograph.pixels[:64, :64].copy()
    one, two = get_codec("retina", threads=1), get_codec("hyperprior", threads=1)
    data = one.encode(Image(colours), 40)
    assert one.decode(data) == two.decode(two.encode(Image(colours), 40))


def test_speckle_is_measured_and_smoothed() -> None:
    rng = np.random.default_rng(2)
    clean = np.where(np.arange(120)[:, None] < 60, 40.0, 160.0) * np.ones(150)
    seen = clean * rng.gamma(25, 1 / 25, clean.shape)
    assert speckle_of(seen) == pytest.approx(0.2, rel=0.25)
    before, after = (np.sqrt(np.mean(np.square(one - clean))) for one in (seen, despeckled(seen)))
    assert after < 0.5 * before
    assert despeckled(seen)[57].mean() < 70  # the border stays where it was
    assert np.array_equal(despeckled(np.full((20, 20), 7.0)), np.full((20, 20), 7.0))


def test_a_scan_takes_fewer_bytes_and_a_forged_file_is_refused() -> None:
    scan = drawn_scan(5, 248, 320)
    image = Image(scan.seen[:, :, None])
    one, two = get_codec("retina", threads=1), get_codec("hyperprior", threads=1)
    data = one.encode(image, 30)
    assert len(data) < 0.6 * len(two.encode(image, 30))
    errors = [np.square(codec.decode(codec.encode(image, 30)).pixels[:, :, 0] - scan.clean.astype(float)).mean()
              for codec in (one, two)]  # fmt: skip
    assert errors[0] < errors[1]
    header, chunks = container.read(data, layered=True)
    (layer,) = (chunk.payload for chunk in chunks if chunk.kind == LAYER)
    for head in ((240, 16, 1, 1), (16, 16, 256, 1)):
        forged = b"".join(map(varint.encode, head)) + checksum(0, np.array(head)) + bytes(layer[10:])
        with pytest.raises(CorruptFileError, match="rows without tissue"):
            one.decode(container.write(header, [Chunk(LAYER, forged)]))
