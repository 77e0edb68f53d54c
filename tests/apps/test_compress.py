"""``latentpress compress`` and ``decompress``: where results go, and how errors end. The codec is a lossless toy."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

import latentpress
from latentpress import LatentPressError, limits
from latentpress.apps import compress as commands
from latentpress.image import Image, read, write

Run = Callable[..., Result]
Process = Callable[..., "subprocess.CompletedProcess[bytes]"]


def one_line(text: str, *parts: str) -> bool:
    """Whether ``text`` is a single error line that contains each of ``parts``."""
    return text.startswith("latentpress: ") and text.count("\n") == 1 and all(part in text for part in parts)


def test_default_outputs_stand_beside_the_input(run: Run, photo: Path, rgb: Image) -> None:
    done = run("compress", photo, "--codec", "plain")
    assert (done.exit_code, done.stderr) == (0, "")
    packed = photo.with_suffix(".lpx")
    assert f"{packed}: 65x63 RGB, {packed.stat().st_size:,} bytes" in done.stdout
    photo.unlink()
    done = run("decompress", packed)
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{photo}: 65x63 RGB")
    assert read(photo) == rgb


def test_quality_and_threads_reach_the_codec(run: Run, photo: Path, tmp_path: Path) -> None:
    assert run("compress", photo, tmp_path / "a.lpx", "--quality", "12", "--threads", "2").exit_code == 0
    assert (tmp_path / "a.lpx").read_bytes() == latentpress.compress(photo, 12, threads=2)
    assert run("decompress", tmp_path / "a.lpx", tmp_path / "b.png", "--threads", "2").exit_code == 0


@pytest.mark.parametrize("ending", ["png", "ppm", "tif", "bmp", "webp"])
def test_the_ending_chooses_the_format(run: Run, photo: Path, rgb: Image, ending: str) -> None:
    packed = photo.with_suffix(".lpx")
    run("compress", photo, "--codec", "plain")
    out = photo.with_name(f"out.{ending}")
    assert run("decompress", packed, out).exit_code == 0
    assert read(out) == rgb


def test_standard_streams(process: Process, photo: Path, rgb: Image) -> None:
    packed = process("compress", "-", "--codec", "plain", stdin=photo.read_bytes())
    assert packed.returncode == 0
    assert packed.stdout == latentpress.compress(rgb, codec="plain")
    assert packed.stderr.startswith(b"standard output: 65x63 RGB")
    restored = process("decompress", "-", "-", stdin=packed.stdout)
    assert restored.returncode == 0
    assert read(io.BytesIO(restored.stdout)) == rgb
    assert restored.stderr.startswith(b"standard output: 65x63 RGB")


def test_quiet_says_nothing(process: Process, photo: Path) -> None:
    done = process("compress", photo, "-", "--codec", "plain", "--quiet")
    assert (done.returncode, done.stderr) == (0, b"")
    done = process("decompress", "-", photo, "--force", "--quiet", stdin=done.stdout)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_existing_files_are_kept_unless_forced(run: Run, photo: Path) -> None:
    packed = photo.with_suffix(".lpx")
    packed.write_bytes(b"precious")
    done = run("compress", photo, "--codec", "plain")
    assert done.exit_code == 2
    assert one_line(done.stderr, f"{packed} exists; use --force")
    assert packed.read_bytes() == b"precious"
    assert run("compress", photo, "--codec", "plain", "-f").exit_code == 0
    assert run("decompress", packed).exit_code == 2
    assert run("decompress", packed, "--force").exit_code == 0


def test_the_input_is_never_overwritten(run: Run, photo: Path) -> None:
    before = photo.read_bytes()
    link = photo.with_name("link.png")
    link.symlink_to(photo)
    for output in (photo, link, photo.parent / "." / photo.name):
        done = run("compress", photo, output, "--codec", "plain", "--force")
        assert done.exit_code == 2
        assert one_line(done.stderr, "is the input itself")
    assert photo.read_bytes() == before


@pytest.mark.parametrize("command", ["compress", "decompress", "inspect"])
@pytest.mark.parametrize("name", ["none.lpx", "", ".", "a\0b"])
def test_unreadable_inputs(run: Run, tmp_path: Path, command: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(command, name)
    assert done.exit_code == 2
    assert one_line(done.stderr, "cannot read")
    assert not any(tmp_path.iterdir())


def test_inputs_of_the_wrong_kind(run: Run, photo: Path) -> None:
    packed = photo.with_name("a.lpx")
    done = run("decompress", photo, packed.with_suffix(".png"))
    assert done.exit_code == 2
    assert one_line(done.stderr, f"{photo}: not an .lpx file")
    run("compress", photo, packed, "--codec", "plain")
    done = run("compress", packed, photo.with_name("b.lpx"))
    assert done.exit_code == 2
    assert one_line(done.stderr, "is an .lpx file already")
    assert sorted(path.name for path in photo.parent.iterdir()) == ["a.lpx", "photo.png"]


def test_damaged_files_leave_no_output(run: Run, photo: Path) -> None:
    packed = photo.with_name("a.lpx")
    run("compress", photo, packed, "--codec", "plain")
    data = packed.read_bytes()
    for length in range(0, len(data), 97):
        done = run("decompress", "-", photo.with_name("b.png"), stdin=data[:length])
        assert done.exit_code == 2
        assert one_line(done.stderr, "standard input: ")
    assert not photo.with_name("b.png").exists()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--quality", "101"], "--quality"),
        (["--quality", "nan"], "quality"),
        (["--quality", "high"], "--quality"),
        (["--threads", "0"], "--threads"),
        (["--codec", "gif"], "no codec 'gif'"),
        (["--speed", "1"], "--speed"),
        (["out.lpx", "more"], "more"),
    ],
)
def test_bad_usage(run: Run, photo: Path, arguments: list[str], part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photo.parent)
    done = run("compress", photo.name, *arguments)
    assert done.exit_code == 2
    assert one_line(done.stderr, part)
    assert [path.name for path in photo.parent.iterdir()] == ["photo.png"]


def test_output_format_that_cannot_be_written(run: Run, photo: Path) -> None:
    run("compress", photo, "--codec", "plain")
    done = run("decompress", photo.with_suffix(".lpx"), photo.with_name("out.gif"))
    assert done.exit_code == 2
    assert one_line(done.stderr, "cannot write a picture with the ending '.gif'")


def test_terminals_get_no_binary_data(run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.testing._NamedTextIOWrapper.isatty", lambda self: True)
    done = run("compress", photo, "-", "--codec", "plain")
    assert done.exit_code == 2
    assert one_line(done.stderr, "terminal")


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (LatentPressError("engine\nfailed"), 1, "latentpress: engine failed\n"),
        (latentpress.MissingExtraError("training", "train"), 1, None),
        (OSError(28, "No space left on device", "out.lpx"), 1, "latentpress: No space left on device: out.lpx\n"),
        (MemoryError(), 1, "latentpress: out of memory\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_failures(
    run: Run, photo: Path, error: BaseException, status: int, text: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(commands.streams, "read_picture", fail)
    done = run("compress", photo)
    assert done.exit_code == status
    if text is None:
        assert one_line(done.stderr, "[train]")
    else:
        assert done.stderr == text


def test_a_bug_is_not_hidden(run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands.streams, "read_picture", lambda *_: 1 / 0)
    assert isinstance(run("compress", photo).exception, ZeroDivisionError)


@pytest.mark.skipif(sys.platform == "win32", reason="needs /dev/full")
def test_a_full_disk_and_a_closed_pipe(photo: Path) -> None:
    command = [sys.executable, "-m", "latentpress", "compress", str(photo), "-", "--codec", "plain", "-q"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert one_line(done.stderr, "No space left")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as closed:
        assert closed.stdout is not None
        closed.stdout.close()
        assert closed.stderr is not None
        assert "Traceback" not in closed.stderr.read()
    assert closed.returncode == 1


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A part of the example picture, large enough for real rates."""
    path = tmp_path / "photograph.png"
    whole = read(Path(__file__).parents[2] / "examples" / "macaws.png")
    write(Image(whole.pixels[100:292, 200:456]), path)
    return path


@pytest.mark.parametrize(
    ("option", "value", "low", "high"),
    [("--size", "4KB", 3920, 4000), ("--bpp", "0.5", 0.98 * 3072, 1.02 * 3072)],
)
def test_targets(run: Run, photograph: Path, option: str, value: str, low: float, high: float) -> None:
    done = run("compress", photograph, option, value, "--threads", "1")
    assert (done.exit_code, done.stderr) == (0, "")
    assert low <= photograph.with_suffix(".lpx").stat().st_size <= high


def test_a_size_that_is_more_than_the_best_file_takes(run: Run, photo: Path) -> None:
    done = run("compress", photo, "--size", "1MB")
    assert "more bytes would make it no better" in done.stdout
    assert "more bytes" not in run("compress", photo, "--size", "500", "--force").stdout


def test_verify_reports_the_psnr(run: Run, photograph: Path) -> None:
    done = run("compress", photograph, "--psnr", "33", "--verify", "--threads", "1")
    found = float(done.stdout.split("PSNR ")[1].split(" dB")[0])
    assert found == pytest.approx(33, abs=0.11)


def test_one_target_at_a_time(run: Run, photo: Path) -> None:
    done = run("compress", photo, "--quality", "5", "--bpp", "1")
    assert done.exit_code == 2
    assert one_line(done.stderr, "one of --quality, --bpp")
    done = run("compress", photo, "--size", "huge")
    assert done.exit_code == 2
    assert one_line(done.stderr, "150KB")
    assert not photo.with_suffix(".lpx").exists()


def test_strip_leaves_metadata_out(run: Run, photo: Path, rgb: Image) -> None:
    write(rgb.with_metadata(latentpress.Metadata(icc=b"profile" * 30)), photo)
    for extra, there in (((), True), (("--strip",), False)):
        run("compress", photo, "--threads", "1", "--force", *extra)
        chunks = latentpress.inspect(photo.with_suffix(".lpx").read_bytes()).chunks
        assert any(chunk.name == "colour profile" for chunk in chunks) == there


def test_regions(run: Run, photo: Path, rgb: Image, tmp_path: Path) -> None:
    run("compress", photo, "--codec", "plain")
    packed, out = photo.with_suffix(".lpx"), tmp_path / "part.png"
    assert run("decompress", packed, out, "--region", "3,5,20,10").exit_code == 0
    assert np.array_equal(read(out).pixels, rgb.pixels[5:15, 3:23])
    for bad in ("3,5,20", "a,b,c,d", "60,0,10,10"):
        done = run("decompress", packed, out, "--region", bad, "--force")
        assert done.exit_code == 2
        assert one_line(done.stderr, "region")


def test_first_frame_warning_is_a_line(run: Run, tmp_path: Path, rgb: Image) -> None:
    path = tmp_path / "a.gif"
    frames = [rgb.to_pillow(), rgb.to_pillow().rotate(90)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    done = run("compress", path, "--codec", "plain")
    assert done.exit_code == 0
    assert done.stderr == f"warning: {path}: only the first of 2 frames is read; compress --frames takes all\n"


def test_largest_picture_can_be_set(run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_PIXELS", limits.MAX_PIXELS)  # restored afterwards
    done = run("compress", photo, "--max-pixels", "1000")
    assert done.exit_code == 2
    assert one_line(done.stderr, "--max-pixels")
