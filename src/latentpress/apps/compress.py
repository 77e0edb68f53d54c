"""``latentpress compress`` and ``latentpress decompress``."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Annotated

import typer

import latentpress
from latentpress.apps import folders, keys, options, streams
from latentpress.apps.frames import compress_frames
from latentpress.apps.progress_line import progress_line
from latentpress.apps.sizes import parse_size
from latentpress.image.endings import JPEGS

if TYPE_CHECKING:
    from latentpress.codecs.settings import Settings
    from latentpress.container import Header

__all__ = ["compress", "decompress"]

_FILLED = 0.75  # of a size that was asked for: a file below could not be made larger
_STRENGTH = 12.0  # dB, of regions of interest


def compress(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="Picture file (PNG, JPEG, WebP, TIFF ...) or folder, - for stdin.")
    ],
    output: Annotated[
        str | None, typer.Argument(metavar="OUT", help="File to write, - for stdout; without it: IN with .lpx.")
    ] = None,
    quality: Annotated[
        float | None,
        typer.Option(
            "--quality",
            "-Q",
            min=0,
            max=100,
            show_default="50",
            help="0 smallest file ... 100 best picture; any number.",
        ),
    ] = None,
    bpp: Annotated[float | None, typer.Option(help="Aim at this rate, in bits a pixel of the whole file.")] = None,
    size: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Largest file, and the best for it: 150KB, 1.5MB, 90000.")
    ] = None,
    psnr: Annotated[float | None, typer.Option(help="Aim at this PSNR, in dB.")] = None,
    ms_ssim: Annotated[float | None, typer.Option(help="Aim at this MS-SSIM, below 1.")] = None,
    lossless: Annotated[
        bool, typer.Option("--lossless", help="Keep every sample; of a JPEG file the very bytes.")
    ] = False,
    pixels: Annotated[
        bool, typer.Option("--pixels", help="With --lossless: code the pixels of JPEG files, not the files.")
    ] = False,
    progressive: Annotated[
        bool, typer.Option("--progressive", help="A file of layers: cut off anywhere, what is left decodes.")
    ] = False,
    max_error: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, max=8, help="Near-lossless: no sample wrong by more than N; 0 is lossless."),
    ] = None,
    mosaic: Annotated[
        str | None,
        typer.Option(
            metavar="RGGB", help="Lossless: the picture is a camera's raw mosaic; BGGR, GRBG, GBRG, or auto to look."
        ),
    ] = None,
    codec: options.Codec = "auto",
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Model of the codec: a name, or a folder made by latentpress export."),
    ] = None,
    effort: Annotated[
        int | None,
        typer.Option(
            metavar="1..9",
            min=1,
            max=9,
            help="Search this long for a smaller file of equal quality. Needs 'train' for lossy files.",
        ),
    ] = None,
    tune: Annotated[
        str | None, typer.Option(metavar="AIM", help="What hyperprior spends its bits for: mse or ms-ssim.")
    ] = None,
    roi: Annotated[
        list[str] | None,
        typer.Option(metavar="X,Y,W,H", help="Higher quality in this rectangle. May be given more than once."),
    ] = None,
    roi_mask: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Higher quality where this gray picture, as large as IN, is bright; for a folder, one of masks.",
        ),
    ] = None,
    roi_class: Annotated[
        list[int] | None,
        typer.Option(
            metavar="0..5", help="Higher quality where the picture is of this class (dark to bright; see semantic)."
        ),
    ] = None,
    roi_strength: Annotated[
        float | None,
        typer.Option(metavar="DB", show_default="12", help="How much finer the steps are there, in dB, up to 18."),
    ] = None,
    frames: Annotated[
        bool,
        typer.Option("--frames", help="All frames of an animation or pages of a TIFF: a file of each, in folder OUT."),
    ] = False,
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="Encrypt the file; sizes and the codec stay readable. Needs 'crypto'.")
    ] = False,
    key_file: keys.KeyFile = None,
    strip: Annotated[bool, typer.Option("--strip", help="Leave out colour profile, EXIF and XMP.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Decode the file and report its PSNR.")] = False,
    threads: options.Threads = None,
    output_option: options.Output = None,
    jobs: options.Jobs = None,
    scheduler: options.Scheduler = None,
    max_pixels: options.MaxPixels = None,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Compress a picture, or the pictures of a folder, into .lpx files.

    Gray and RGB of 8 to 16 bits, palette, CMYK, with or without alpha (which is kept exactly), up to 268 megapixels.

    Example: latentpress compress photo.png --quality 40

    Without loss, checked by decoding: latentpress compress photo.png --lossless

    With more of 200 kB spent on a face: latentpress compress photo.png --size 200KB --roi 40,30,60,50

    Encrypted, with a key that is typed or in a file: latentpress compress photo.png --encrypt --key-file key.txt

    The pages of a scan, each in a file of its own: latentpress compress scan.tif pages --frames

    A folder with all in it, to be stopped at any time and taken up again: latentpress compress photos -o packed
    """
    from latentpress.codecs.settings import Settings

    output = streams.one_output(output, output_option)
    streams.allow_pixels(max_pixels)
    coding = Settings.of(
        quality=quality, bpp=bpp, size=None if size is None else parse_size(size), psnr=psnr, ms_ssim=ms_ssim,
        codec=codec, lossless=lossless, max_error=max_error, pixels=pixels, progressive=progressive,
        mosaic=mosaic, model=model, effort=effort, tune=tune, threads=threads,
    )  # fmt: skip
    if roi_strength is not None and not (roi or roi_mask or roi_class):
        raise latentpress.InvalidInputError("--roi-strength goes with --roi, --roi-mask or --roi-class")
    strength = _STRENGTH if roi_strength is None else roi_strength
    how = folders.FolderOptions(jobs, threads or 1, scheduler, json, force, quiet)
    if key_file is not None and not encrypt:
        raise latentpress.InvalidInputError("--key-file is for --encrypt")
    if encrypt and progressive:
        raise latentpress.InvalidInputError(
            "--encrypt goes with no --progressive: an encrypted file opens whole or not"
        )
    if encrypt and scheduler is not None:
        raise latentpress.InvalidInputError("--encrypt goes with no --scheduler: keys do not travel")
    key = keys.find_key(key_file, new=True) if encrypt else None
    if frames:
        for name, given in {
            "--roi": roi, "--roi-mask": roi_mask, "--roi-class": roi_class, "--verify": verify
        }.items():  # fmt: skip
            if given:
                raise latentpress.InvalidInputError(f"--frames goes with no {name}")
        how.refuse(source)
        compress_frames(coding, source, output, key, strip=strip, force=force, quiet=quiet)
        return
    if folders.is_folder(source):
        if roi or roi_class:
            raise latentpress.InvalidInputError(
                "--roi and --roi-class are for single files; --roi-mask takes a folder of masks"
            )
        from latentpress.jobs import Compress

        work = Compress(coding, strip=strip, verify=verify, masks=roi_mask or "", strength=strength, key=key)
        folders.run_folder(work, source, output, how)
        return
    how.refuse(source)
    output = streams.choose_output(source, output, ".lpx", force=force)
    original = None if coding.keeper() is None or roi or roi_mask or roi_class else streams.read_bytes(source)
    if original is not None and _keep(coding, source, original, output, key, strip, quiet):
        return
    image = streams.read_picture(source, original)
    if strip:
        image = image.with_metadata(latentpress.Metadata())
    start = time.perf_counter()
    interest = _interest(image, roi or [], roi_mask, roi_class or [], strength)
    with progress_line("compress", image.width * image.height, quiet=quiet):
        data = coding(image, interest)
    seconds = time.perf_counter() - start
    found = ""
    if verify:
        from latentpress.codecs.targets import psnr_of

        found = f", PSNR {psnr_of(image, coding.reader(data).decode(data)):.2f} dB"
    if coding.size is not None and len(data) < _FILLED * coding.size and not coding.coder().layered:
        found += ", its best: more bytes would make it no better"
        found += "" if interest is None else f" at --roi-strength {strength:g}"
    data = data if key is None else latentpress.encrypt(data, key)
    streams.write_bytes(output, data)
    before = streams.size_of(source)
    if before is not None and before < len(data):
        found += f", larger than {source} ({before:,} bytes)"
    streams.report(
        f"{streams.shown(output, 'standard output')}: {streams.layout(image)}, {len(data):,} bytes, "
        f"{8 * len(data) / (image.width * image.height):.3f} bpp, {image.pixels.nbytes / len(data):.1f} times smaller "
        f"than raw{found}, {seconds:.2f} s",
        output,
        quiet=quiet,
    )


def decompress(
    source: Annotated[str, typer.Argument(metavar="IN", help="An .lpx file or a folder of them, - for stdin.")],
    output: Annotated[
        str | None,
        typer.Argument(
            metavar="OUT",
            help="Picture to write, in the format of its ending (.png .ppm .tif .webp .jpg ...), - for PNG on stdout; "
            "without it: IN with .png, or .jpg where a JPEG file was kept.",
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="X,Y,W,H", help="Only this part of the picture, in pixels from the upper left."),
    ] = None,
    layers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Of a progressive file: only its first N layers.")
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Of a hyperprior file: quicker, and slightly worse.")
    ] = False,
    look: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Of a hyperprior file: 0 true to the original ... 1 plausible texture where bits end."
        ),
    ] = 0.0,
    format: Annotated[
        str | None,
        typer.Option(show_default="png", help="Folders: the format of the pictures: png, ppm, tif, webp ..."),
    ] = None,
    key_file: keys.KeyFile = None,
    threads: options.Threads = None,
    output_option: options.Output = None,
    jobs: options.Jobs = None,
    scheduler: options.Scheduler = None,
    max_pixels: options.MaxPixels = None,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Restore the picture, or a part of it, from an .lpx file, or the pictures of a folder of them.

    The file says which codec and model made it. PNG, PPM, TIFF, BMP and WebP keep every sample. A progressive file that
    has been cut off gives the picture of the layers that are whole.

    Example: latentpress decompress photo.lpx photo.png

    The JPEG file that was kept with --lossless: latentpress decompress photo.lpx photo.jpg
    """
    from latentpress.container import read_header
    from latentpress.encryption import is_encrypted

    output = streams.one_output(output, output_option)
    streams.allow_pixels(max_pixels)
    how = folders.FolderOptions(jobs, threads or 1, scheduler, json, force, quiet)
    if folders.is_folder(source):
        if region is not None or layers is not None:
            raise latentpress.InvalidInputError("--region and --layers are for single files")
        from latentpress.jobs import Decompress

        if key_file is not None and scheduler is not None:
            raise latentpress.InvalidInputError("--key-file goes with no --scheduler: keys do not travel")
        key = keys.find_key(key_file, new=False) if key_file or os.environ.get(keys.VARIABLE) else None
        work = Decompress(format or "png", how.threads, preview, look, key=key)
        folders.run_folder(work, source, output, how)
        return
    how.refuse(source, format)
    part = _parse_region("--region", region) if region is not None else None
    data = streams.read_bytes(source)
    with streams.naming(source):
        if key_file is not None or is_encrypted(data):
            data = latentpress.decrypt(data, keys.find_key(key_file, new=False))
        header = read_header(data)  # what is no .lpx file is told so before the output is looked at
    whole = part is None and layers is None and not preview and not look
    with streams.naming(source):
        ending = ".jpg" if whole and _keeps_jpeg(header, data) else ".png"
    output = streams.choose_output(source, output, ending, force=force)
    start, pixels = time.perf_counter(), part.width * part.height if part else header.width * header.height
    if whole and output.lower().endswith(JPEGS):
        with streams.naming(source), contextlib.suppress(latentpress.UnsupportedError):  # a picture, never a file
            streams.write_bytes(output, latentpress.decompress_jpeg(data, threads=threads))
            streams.report(f"{output}: the JPEG file, {time.perf_counter() - start:.2f} s", output, quiet=quiet)
            return
    line = progress_line("decompress", pixels, quiet=quiet)
    with streams.naming(source), streams.telling(latentpress.CutFileWarning), line:
        image = latentpress.decompress(data, part, layers=layers, preview=preview, look=look, threads=threads)
    seconds = time.perf_counter() - start
    streams.write_picture(output, image)
    streams.report(
        f"{streams.shown(output, 'standard output')}: {streams.layout(image)}, {seconds:.2f} s",
        output,
        quiet=quiet,
    )


def _keep(coding: Settings, source: str, data: bytes, output: str, key: bytes | None, strip: bool, quiet: bool) -> bool:
    """Keep the input down to its bytes, if it is a file of that kind; gives whether."""
    from latentpress.codecs.jpeg import CutJpegWarning

    start = time.perf_counter()
    with streams.naming(source), streams.telling(CutJpegWarning):
        kept = coding.keep(data, strip=strip)
    if kept is None:
        return False
    seconds = time.perf_counter() - start
    kept = kept if key is None else latentpress.encrypt(kept, key)
    streams.write_bytes(output, kept)
    streams.report(
        f"{streams.shown(output, 'standard output')}: {len(kept):,} bytes, {len(kept) / len(data):.1%} of the file, "
        f"whose very bytes come back, {seconds:.2f} s",
        output,
        quiet=quiet,
    )
    return True


def _keeps_jpeg(header: Header, data: bytes) -> bool:
    """Whether a file keeps a JPEG file. Of most the codec alone tells that they do not."""
    from latentpress.codecs.registry import codec_class, codec_id

    id = codec_id(header)
    return id is not None and bool(codec_class(id).keeps) and "keeps" in latentpress.inspect(data).facts


def _interest(
    image: latentpress.Image, regions: list[str], mask: str | None, classes: list[int], strength: float
) -> latentpress.Roi | None:
    """The region of interest that the options name, if they do; raises InvalidInputError."""
    if not regions and mask is None and not classes:
        return None
    from latentpress.codecs.roi import mask_of

    if mask is not None and classes:
        raise latentpress.InvalidInputError("--roi-mask goes with no --roi-class")
    weights = None if mask is None else mask_of(streams.read_picture(mask))
    parts = [_parse_region("--roi", text) for text in regions]
    if not classes:
        return latentpress.Roi.of(image.width, image.height, parts, weights, strength)
    from latentpress.systems.semantic.interest import mask_of_classes

    return latentpress.Roi.of(image.width, image.height, parts, mask_of_classes(image, classes), strength)


def _parse_region(option: str, text: str) -> latentpress.Region:
    """``X,Y,W,H`` as a region; raises InvalidInputError."""
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise latentpress.InvalidInputError(f"{option} must be four whole numbers X,Y,W,H, not {text!r}") from None
    return latentpress.Region(x, y, width, height)
