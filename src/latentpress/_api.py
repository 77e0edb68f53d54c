"""The functions of the public face: `compress`, `decompress`, `decompress_jpeg`, `inspect`, `train`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from latentpress import container, encryption
from latentpress._extras import needs_extra
from latentpress.codecs import registry
from latentpress.codecs.base import Codec, Region
from latentpress.codecs.painters import painting
from latentpress.codecs.ports import Points
from latentpress.codecs.roi import RoiLike
from latentpress.codecs.settings import Settings
from latentpress.container import Chunk, Header
from latentpress.contents import FileSource, contents_of
from latentpress.errors import CorruptFileError, InvalidInputError, LatentPressError, UnsupportedError
from latentpress.image import Image, ImageSource
from latentpress.memory import telling

__all__ = ["ChunkInfo", "FileInfo", "compress", "decompress", "decompress_jpeg", "inspect", "train"]

_CHUNK_NAMES = {
    container.STREAM: "symbols",
    container.ALPHA: "alpha",
    container.ICC: "colour profile",
    container.EXIF: "EXIF",
    container.XMP: "XMP",
    container.TILES: "tiles",
    container.MOSAIC: "mosaic",
    container.INTEREST: "regions of interest",
    container.LAYER: "layer",
    container.DISPLAY: "display",
    container.SEALED: "encrypted file",
}


@dataclass(frozen=True)
class ChunkInfo:
    """A chunk of a file: its kind (number in docs/format.md and name), payload bytes, and whether it may be skipped."""

    kind: int
    name: str
    bytes: int
    ancillary: bool


@dataclass(frozen=True)
class FileInfo:
    """What `inspect` finds in a file.

    version: of the format, (major, minor). codec: the codec's id, empty if this version does not know codec_number.
    model: id of the model package, 16 hexadecimal digits, empty if the codec uses none. model_name: its name, empty if
    the package is not installed, so that the file cannot be decoded here. width, height: samples. channels: 1 gray, 2
    gray and alpha, 3 RGB, 4 RGB and alpha. bit_depth: of a sample. rate: the codec's own rate index; of a progressive
    file how many layers were written. file_bytes: the whole file. chunks: in file order. facts: what there is to say
    beside, by name, in words, such as ``method`` (how a lossless codec coded the tiles), ``mosaic`` (of a camera, its
    colour filters) or ``layers`` (of a progressive file, how many of how many are there). checkpoints: with ``verify``,
    SHA-256 of what the stages of decoding give, by name, in their order; ``pixels`` of a lossy file are float work and
    may differ by one level between machines, all others may not. problem: why decoding ended early, empty if it did
    not.
    """

    version: tuple[int, int]
    codec: str
    codec_number: int
    model: str
    model_name: str
    width: int
    height: int
    channels: int
    bit_depth: int
    rate: int
    file_bytes: int
    chunks: tuple[ChunkInfo, ...]
    facts: Mapping[str, str] = field(default_factory=dict)
    checkpoints: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def bpp(self) -> float:
        """Rate in bits a pixel: of the whole file, header and all."""
        return 8 * self.file_bytes / (self.width * self.height)

    @property
    def layers(self) -> int:
        """Whole layers of a progressive file, fewer than ``rate`` if it was cut off; 0 for other files."""
        return sum(chunk.kind == container.LAYER for chunk in self.chunks)

    @property
    def overhead_bytes(self) -> int:
        """Bytes of the file outside the payload of its chunks."""
        return self.file_bytes - sum(chunk.bytes for chunk in self.chunks)


@telling()
def compress(
    image: ImageSource,
    quality: float | None = None,
    codec: str | Codec = "auto",
    *,
    bpp: float | None = None,
    size: float | None = None,
    psnr: float | None = None,
    ms_ssim: float | None = None,
    lossless: bool = False,
    max_error: int | None = None,
    pixels: bool = False,
    progressive: bool = False,
    roi: RoiLike | None = None,
    key: str | bytes | None = None,
    **more: Any,
) -> bytes:
    """Compress a picture into the bytes of a complete ``.lpx`` file.

    image: a path, the bytes of a picture file, a binary stream of one, a Pillow picture, an `Image`, or a uint8 or
    uint16 array (H, W) or (H, W, 1 to 4): gray or RGB, with or without alpha. Alpha is kept exactly, colour profile,
    EXIF and XMP travel along; colours under alpha 0 are free to change. codec: an id of `list_codecs`, or a `Codec`;
    ``auto`` is ``hyperprior``, for lossless ``mlp-lossless``, and for drawings and screenshots too, where that gives a
    smaller file than ``hyperprior`` with its defaults.

    At most one of these says how far to go; without any, quality is 50. quality: 0 (smallest) to 100 (best),
    continuous. bpp: rate in bits a pixel of the whole file, reached to 2 %. size: bytes of the file, never exceeded and
    reached to 2 % (a picture whose best file is smaller gives that). psnr: in dB, reached to 0.1 dB. ms_ssim: 0..1, to
    2 % of its distance from 1; needs the extra ``bench``. A target takes up to six encodings.

    lossless: keep every sample, those under alpha 0 too; of a JPEG file the very bytes, for `decompress_jpeg`.
    pixels: code the pixels of JPEG files all the same. progressive: a file of layers that may be cut off at any byte,
    by ``spiht`` or another codec of layers; targets then take one encoding, and leave layers out. max_error: 0..8,
    near-lossless: no sample is wrong by more.

    roi: where quality should be higher: a `Roi`, a rectangle (x, y, width, height) or several, or a mask (height,
    width) of bool, uint8 or float. For ``hyperprior`` and ``importance-map``. With a target such as ``size`` the rest
    pays for it.

    key: a pass phrase or bytes with which the file is encrypted (see `encrypt`); needs the extra ``crypto``. Not with
    ``progressive``: such a file opens whole or not at all.

    more: settings of the codec called by its id, None for the usual. ``effort``: 1..9; above 1 ``hyperprior`` searches
    each picture for smaller files of equal quality, for seconds to minutes; needs the extra ``train``; from 2 on the
    lossless codecs try more of what their files can hold, from 3 on each other. ``tune``: ``ms-ssim`` makes
    ``hyperprior`` spend its bits for MS-SSIM and not for squared error. ``mosaic``: for the lossless codecs and a gray
    picture that is the raw mosaic of a camera, the pattern of its colour filters (``RGGB``, ``BGGR``, ``GRBG``,
    ``GBRG``), or ``auto`` to look whether it is one; the mosaic comes back, from a smaller file. ``model``: name of a
    model package or its folder. ``threads``: of the CPU, all cores without it. The docstring of a codec's class has
    them all.

    Raises InvalidInputError for a setting out of range, one that the codec does not have, or an unreadable picture,
    UnsupportedError for a pixel mode or codec that is not handled, LimitError for a picture above the limits,
    OutOfMemoryError where the system gives no more memory.
    """
    settings = Settings.of(
        quality=quality, codec=codec, bpp=bpp, size=size, psnr=psnr, ms_ssim=ms_ssim,
        lossless=lossless, max_error=max_error, pixels=pixels, progressive=progressive, **more,
    )  # fmt: skip
    if key is not None:
        encryption.check_key(key)
        if progressive:
            raise InvalidInputError("key goes with no progressive: an encrypted file opens whole or not at all")
    data = settings(image, roi)
    return data if key is None else encryption.encrypt(data, key)


@telling()
def decompress(
    data: FileSource,
    region: Region | tuple[int, int, int, int] | None = None,
    *,
    layers: int | None = None,
    preview: bool = False,
    look: float = 0.0,
    threads: int | None = None,
    key: str | bytes | None = None,
) -> Image:
    """Restore the picture of a complete ``.lpx`` file; the file itself says which codec made it.

    data: the file's bytes, its path, or a binary stream of it.

    region: (x, y, width, height) in pixels, to restore only that part of the picture; of a large one, only what the
    part needs is decoded. layers: of a progressive file, decode the first so many only. threads: of the CPU, for codecs
    that have this setting; None for all cores. key: of an encrypted file.

    For files of ``hyperprior``, whose bits mean the same whoever paints them: preview, a quick and slightly worse
    picture; look: 0, true to the original, to 1, where plausible texture takes the place of what the bits do not say.

    A progressive file (codec ``toderici``) may have been cut off at any byte after its header: the picture is then that
    of the layers that are whole, and a `CutFileWarning` says of how many; `inspect` tells too.

    Raises CorruptFileError for damaged data or data of another kind, UnsupportedError if the format, codec, model or
    painter is not known here, LimitError above the limits (before memory is taken), OutOfMemoryError, InvalidInputError
    if ``data`` cannot be read, the region does not lie in the picture, the file was not made of so many layers, or its
    codec has no painters.
    """
    data = _opened(data, key)
    if layers is not None:
        data = container.keep_layers(data, layers)
    header, painted = container.read_header(data), painting(preview, look)
    id = registry.codec_id(header)
    if painted and id and not set(painted) <= registry.codec_class(id).takes:
        raise InvalidInputError(f"files of {id} are shown in one way only: they have no preview and no look")
    codec = registry.codec_for(header, threads, **painted)
    if region is None:
        return codec.decode(data)
    return codec.decode_region(data, Region.like(region))


@telling()
def decompress_jpeg(data: FileSource, *, threads: int | None = None, key: str | bytes | None = None) -> bytes:
    """The JPEG file that an ``.lpx`` file keeps, byte for byte as `compress` found it with ``lossless``.

    data, key: as for `decompress`. Raises as `decompress` does, and UnsupportedError for a file that keeps a picture
    and no JPEG file.
    """
    data = _opened(data, key)
    codec = registry.codec_for(container.read_header(data), threads)
    if not codec.keeps:
        raise UnsupportedError(f"the file keeps a picture and no JPEG file: it was made by {codec.id}")
    return codec.decode_file(data)


@telling()
def inspect(data: FileSource, *, verify: bool = False) -> FileInfo:
    """Read a file's header and chunks and check every checksum, without decoding the picture.

    data: as for `decompress`. Works for files of codecs and models that are not installed. verify: decode the picture
    too, and have ``checkpoints``, by which two machines find the first stage at which they differ. Raises as
    `decompress` does, but for those, and with ``verify`` for damage that only decoding shows: that is the ``problem``.
    """
    data = contents_of(data)
    header, chunks = container.read(data, layered=True, sealed=True)
    return FileInfo(
        version=header.version,
        codec=registry.codec_id(header) or "",
        codec_number=header.codec,
        model=header.model.hex() if header.has_model else "",
        model_name=_model_name(header),
        width=header.width,
        height=header.height,
        channels=header.channels,
        bit_depth=header.bit_depth,
        rate=header.rate,
        file_bytes=memoryview(data).nbytes,
        chunks=tuple(_chunk_info(chunk) for chunk in chunks),
        facts=_facts_of(header, chunks),
        **(_traced(header, data) if verify else {}),
    )


def train(
    recipe: str | Path,
    data: str | Path | Sequence[str | Path],
    *,
    run: str | Path,
    valid: str | Path | None = None,
    minutes: float | None = None,
    resume: bool = False,
    start: str | Path | None = None,
    race: Sequence[str] | None = None,
    race_steps: int = 300,
    device: str = "cpu",
    threads: int | None = None,
    accelerate: str | None = None,
) -> Path:
    """Train a codec's network on your own pictures and return the path of the checkpoint.

    recipe: TOML file, or the name of a recipe that comes with the package. data: folder or folders of training
    pictures. run: folder for the checkpoint and the log. valid: folder of pictures for validation points in the log
    and for choosing the best weights. minutes: time budget, None for the recipe's number of steps. resume: go on from
    the checkpoint in ``run``, with the same result as an uncut run. start: checkpoint whose averaged weights a new run
    begins with, or a model package, by name or folder. race: settings of the recipe (``"schedule.optimiser=muon"``),
    each tried for ``race_steps`` steps; the best goes on. device: ``"cpu"`` or ``"cuda"``. threads: of the CPU, None
    for all. accelerate: how steps run: ``"none"``, ``"graph"`` (recorded as a CUDA graph) or ``"compile"``; None for
    what is sure to work.

    Raises MissingExtraError without the ``train`` extra, InvalidInputError for a wrong recipe or empty folder.
    """
    with needs_extra("training", "train"):
        from latentpress.training.race import race as run_race
        from latentpress.training.run import train as run_training
    options: dict[str, Any] = {
        "run": run, "valid": valid, "minutes": minutes, "resume": resume, "start": start, "device": device,
        "threads": threads, "accelerate": accelerate,
    }  # fmt: skip
    return run_race(recipe, data, race, race_steps, **options) if race else run_training(recipe, data, **options)


def _opened(data: FileSource, key: str | bytes | None) -> bytes:
    """The bytes of a file, decrypted if there is a key."""
    found = contents_of(data)
    return found if key is None else encryption.decrypt(found, key)


def _model_name(header: Header) -> str:
    """Name of the header's model package, empty if there is none or it is not installed."""
    id = registry.codec_id(header)
    if id is None or not header.has_model:
        return ""
    try:
        return registry.codec_class(id).model_name(header.model)
    except LatentPressError:
        return ""


def _facts_of(header: Header, chunks: Sequence[Chunk]) -> dict[str, str]:
    """How many layers there are, and what the file's codec says of it, if it can be loaded here."""
    if any(chunk.kind == container.SEALED for chunk in chunks):
        return {"encrypted": "ChaCha20-Poly1305, key by scrypt"}
    count = len(container.layers_of(chunks))
    cut = ", the file is cut off" if count < header.rate else ""
    facts = {"layers": f"{count} of {header.rate}{cut}"} if header.layered else {}
    id = registry.codec_id(header)
    try:
        cls = registry.codec_class(id) if id else None
    except LatentPressError:
        return facts
    return facts if cls is None else facts | cls.facts(header, chunks)


def _traced(header: Header, data: bytes) -> dict[str, Any]:
    """Digests of the stages of decoding, and what ended it early."""
    points, problem = Points(), ""
    try:
        registry.codec_for(header).trace(data, points)
    except CorruptFileError as error:
        problem = str(error)
    return {"checkpoints": points(), "problem": problem}


def _chunk_info(chunk: Chunk) -> ChunkInfo:
    """The row of a chunk."""
    return ChunkInfo(chunk.kind, _CHUNK_NAMES.get(chunk.kind, "unknown"), len(chunk.payload), chunk.ancillary)
