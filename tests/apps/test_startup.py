"""What a command loads when it starts from cold: what it runs, and no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

import latentpress

CODE = """
import atexit, sys
from latentpress.apps.cli import main
sys.argv = ["latentpress", *sys.argv[1:]]
atexit.register(lambda: print(*sys.modules))
main()
"""
SLOW = {"importlib.metadata", "numpy.random", "onnx", "scipy", "torch", "latentpress.codecs.lossless"}


def test_a_cold_command_loads_what_it_runs(tmp_path: Path) -> None:
    source, packed, restored = (tmp_path / name for name in ("in.png", "in.lpx", "out.png"))
    Image.fromarray(np.full((40, 24, 3), 99, np.uint8)).save(source)
    packed.write_bytes(latentpress.compress(source, codec="hyperprior"))
    for command in (["decompress", packed, restored], ["compress", source, packed, "--codec", "hyperprior", "--force"]):
        run = [sys.executable, "-c", CODE, *map(str, command)]
        done = subprocess.run(run, capture_output=True, text=True, check=True)
        assert not SLOW & set(done.stdout.split()), command


def test_a_command_ends_at_once_with_its_status_and_all_its_words(tmp_path: Path) -> None:
    for words, status in ((["--version"], 0), (["inspect", str(tmp_path / "none.lpx")], 2), (["nonsense"], 2)):
        done = subprocess.run([sys.executable, "-m", "latentpress", *words], capture_output=True, text=True)
        assert done.returncode == status
        assert (done.stdout or done.stderr).count("\n") == 1
