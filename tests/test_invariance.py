"""What must not depend on how the work is done: cases of fuzz/invariance.py, threads and processes at once."""

from __future__ import annotations

import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from latentpress import compress, decompress
from latentpress.image import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "fuzz"))
import invariance

sys.path.pop(0)


def test_a_case_of_every_codec_is_the_same_in_every_way() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    found = invariance.run(0, len(invariance.CODECS))
    assert found["differences"] == []
    assert set(found["comparisons"]) == set(invariance.CHECKS)


def test_a_difference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    case = invariance.Case(0)
    assert case.parts()
    wrong = case.whole.copy()
    wrong[0, 0, 0] ^= 64
    case.whole = wrong
    assert not case.parts()


def test_eight_threads_give_the_same_bytes(photograph: Image) -> None:
    crops = [Image(photograph.pixels[y : y + 40, x : x + 56].copy()) for y in (0, 70) for x in (0, 90)]
    alone = [compress(crop, threads=1) for crop in crops]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda crop: compress(crop, threads=1), crops * 4))
        back = list(pool.map(lambda data: decompress(data, threads=1), alone * 4))
    assert together == alone * 4
    assert back == [decompress(data, threads=1) for data in alone] * 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_a_forked_process_gives_the_same_bytes(photograph: Image) -> None:
    """After networks have run in the parent, on one thread: what it has loaded works in the child."""
    crop = Image(photograph.pixels[:40, :56].copy())
    right = hashlib.sha256(compress(crop, threads=1)).digest()
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(theirs, hashlib.sha256(compress(crop, threads=1)).digest())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as stream:
        assert stream.read() == right
    assert os.waitpid(child, 0)[1] == 0
