"""Build wheels and source packages as for an index, install them into clean environments, and use them there.

    make package                                          # with the Python of .venv
    make package PYTHONS="python3.12 python3.13"          # with these

The wheels are built out of the source packages, so that these are whole too. What is tried: the command line from a
folder of its own, the models of wheel and zoo, the program user.py beside this file, run, and checked by mypy --strict.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
USER = Path(__file__).with_name("user.py")
LARGEST_WHEEL = 25_000_000  # bytes


def say(*words: object, cwd: Path = ROOT, **more: str) -> str:
    """Run a command and give what it prints; stops at the first that fails. The checkout is out of sight."""
    surroundings = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "LATENTPRESS_MODELS")
    }
    command = [str(word) for word in words]
    done = subprocess.run(command, cwd=cwd, env={**surroundings, **more}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def build() -> list[Path]:
    """The wheels, each out of its source package, alone in dist/."""
    for old in DIST.glob("latentpress*"):
        old.unlink()
    for project in (ROOT, ROOT / "zoo"):
        say(sys.executable, "-m", "build", "--outdir", DIST, project)
    wheels = sorted(DIST.glob("*.whl"))
    for wheel in wheels:
        print(f"{wheel.name}: {wheel.stat().st_size:,} bytes")
        if wheel.name.startswith("latentpress-") and wheel.stat().st_size > LARGEST_WHEEL:
            raise SystemExit(f"{wheel.name} is larger than {LARGEST_WHEEL:,} bytes")
    return wheels


def attempt(python: str, wheels: list[Path], types: bool) -> None:
    """Install the wheels into an environment of ``python`` that has nothing else, and use them."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        say(python, "-m", "venv", home / "env")
        own = home / "env" / "bin"
        version = say(own / "python", "--version").strip()
        say(own / "python", "-m", "pip", "install", "--quiet", *wheels)
        say(own / "python", "-m", "pip", "check")
        picture, packed = home / "macaws.png", home / "macaws.lpx"
        picture.write_bytes((ROOT / "examples" / "macaws.png").read_bytes())
        print(f"{version}:", say(own / "latentpress", "compress", picture, "--verify", cwd=home).strip())
        say(own / "latentpress", "decompress", packed, home / "back.png", cwd=home)
        say(own / "latentpress", "compress", picture, home / "z.lpx", "--codec", "factorised", cwd=home)  # of the zoo
        say(own / "python", USER, home, cwd=home)
        if types:
            say(own / "python", "-m", "pip", "install", "--quiet", "mypy")
            say(own / "mypy", "--strict", "--cache-dir", home / "cache", USER, cwd=home)
        print(f"{version}: works" + (", types are complete" if types else ""))


def main() -> None:
    """Build once, try with each Python."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pythons", nargs="*", default=[sys.executable], help="interpreters to try with")
    wheels = build()
    for number, python in enumerate(parser.parse_args().pythons):
        attempt(python, wheels, types=number == 0)


if __name__ == "__main__":
    main()
