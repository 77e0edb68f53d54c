"""Coverage-guided fuzzing of the decoder: ``python tests/fuzz/fuzz_decompress.py SECONDS [CORPUS_DIR]``.

Needs atheris (pip install atheris). Inputs are mutated as raw bytes, and again with every checksum made right, so that
the fuzzer gets past them. Anything but a LatentPressError stops the run with the input in a crash file. Not collected
by pytest.
"""

from __future__ import annotations

import sys
import tempfile
import zlib
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["latentpress"]):
    import latentpress
    from latentpress.catalogue import systems
    from latentpress.codecs import decoding, tiles  # noqa: F401 - instrumented now
    from latentpress.codecs.lossless import tiles as lossless_tiles  # noqa: F401
    from latentpress.container import reader, varint
    from latentpress.entropy import SymbolReader  # noqa: F401

    for one in systems():
        if one.codec:
            one.load(one.codec)

GOLDEN = Path(__file__).parents[1] / "golden"


def with_right_checksums(data: bytes) -> bytes:
    """The file with each chunk's CRC computed anew, as far as its chunks can be told apart."""
    view = memoryview(data)
    try:
        _, position = reader._parse_header(view, latentpress.container.Limits())
    except latentpress.LatentPressError:
        return data
    out, crc = bytearray(view[:position]), zlib.crc32(view[:position])
    while position < len(view):
        try:
            length, after = varint.decode(view, position + 1)
        except latentpress.LatentPressError:
            break
        start, payload = view[position:after], view[after + 4 : after + 4 + length]
        crc = zlib.crc32(payload, zlib.crc32(start, crc))
        out += bytes(start) + crc.to_bytes(4, "little") + bytes(payload)
        position = after + 4 + length
    return bytes(out)


def one_input(data: bytes) -> None:
    for candidate in (data, with_right_checksums(data)):
        try:
            latentpress.decompress(candidate)
        except latentpress.LatentPressError as error:
            message = str(error)
        else:
            continue
        assert "\n" not in message


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    corpus = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp(prefix="latentpress-corpus-"))
    corpus.mkdir(parents=True, exist_ok=True)
    for path in GOLDEN.glob("*.lpx"):
        (corpus / path.name).write_bytes(path.read_bytes())
    latentpress.limits.MAX_PIXELS = 2**16  # small pictures: more inputs a second
    atheris.Setup(
        [sys.argv[0], f"-max_total_time={seconds}", "-rss_limit_mb=4096", "-timeout=20", str(corpus)], one_input
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
