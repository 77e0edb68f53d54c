"""Published curves: plausible, with their sources, and only where they belong."""

from __future__ import annotations

import itertools

import pytest

from latentpress.bench.published import is_kodak, published_curves
from latentpress.bench.results import CoderInfo, Header, PictureInfo, Point, Run
from latentpress.bench.summary import summarise

KODAK = {f"kodim{n:02}": PictureInfo(*((512, 768) if n in (4, 9, 10) else (768, 512)), 3, str(n)) for n in range(1, 25)}


def test_curves_rise_and_name_their_sources() -> None:
    curves = published_curves()
    assert len({curve.name for curve in curves}) == len(curves) >= 5
    for curve in curves:
        assert "kodak" in curve.source.lower()
        assert len(curve.points) >= 4
        for (rate, psnr), (more, better) in itertools.pairwise(curve.points):
            assert 0.04 < rate < more < 5
            assert 25 < psnr < better < 48


def test_the_kodak_set_is_known_by_names_and_sizes() -> None:
    assert is_kodak(KODAK)
    assert not is_kodak(dict(list(KODAK.items())[:-1]))
    assert not is_kodak(KODAK | {"extra": KODAK["kodim01"]})
    assert not is_kodak(KODAK | {"kodim01": PictureInfo(767, 512, 3, "")})
    assert not is_kodak({})


def test_they_are_in_the_summary_of_kodak_only() -> None:
    pytest.importorskip("scipy")
    vtm = published_curves()[0]
    qualities = tuple(float(place) for place in range(len(vtm.points)))
    points = [
        Point("twice", name, q, 1, 2 * bpp, {"psnr": psnr})
        for name in KODAK
        for q, (bpp, psnr) in zip(qualities, vtm.points, strict=True)
    ]
    header = Header("", {}, {}, "set", KODAK, ("psnr",), {"twice": CoderInfo({}, {}, False, "q", qualities)})
    published = summarise(Run(header, tuple(points)))["published"]
    assert [entry["name"] for entry in published] == [curve.name for curve in published_curves()]
    assert published[0]["points"] == [list(point) for point in vtm.points]
    assert published[0]["bd_rate"]["of_mean_curve"] == pytest.approx(-50, abs=2)  # the curves end at other points
    assert published[0]["bd_rate"]["on_window"] == pytest.approx(-50, abs=0.01)  # the same curve at twice the rate
    fewer = {name: KODAK[name] for name in ("kodim01", "kodim02")}
    header = Header("", {}, {}, "set", fewer, ("psnr",), header.coders)
    assert summarise(Run(header, tuple(p for p in points if p.picture in fewer)))["published"] == []
