"""Build the page that opens .lpx files in a browser: `make web`, or

    python web/build.py [OUT]

OUT (default docs/web) then holds all of it: a page, its scripts, ONNX Runtime as WebAssembly, and the models. It works
from a disk and from any host of static files. Needs Node.js with npm, which fetches what package-lock.json names, by
hash.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path

import latentpress
from latentpress.errors import LatentPressError
from latentpress.models import ModelPackage, installed_models

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "src"
MODULES = HERE / "node_modules"
RUNTIME = MODULES / "onnxruntime-web"
ICON = HERE.parent / "src" / "latentpress" / "apps" / "serve" / "page" / "icon.svg"
CODEC = "hyperprior"
ENCODER_ONLY = ("analysis.onnx", "hyper_analysis.onnx")
BUNDLE = ("--bundle", "--minify", "--format=iife", "--target=es2022", "--log-level=warning")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("out", type=Path, nargs="?", default=HERE.parent / "docs" / "web")
    out: Path = arguments.parse_args().out
    fetch()
    shutil.rmtree(out, ignore_errors=True)
    (out / "models").mkdir(parents=True)
    for name in ("viewer.css", "index.html"):
        text = (SOURCES / name).read_text(encoding="utf-8").replace("VERSION", latentpress.__version__)
        (out / name).write_text(text, encoding="utf-8")
    shutil.copy(ICON, out)
    (out / "viewer.js").write_text(bundle("viewer.js"), encoding="utf-8")
    write_part(out, "decoder", bundle("worker.js"))
    write_part(out, "runtime", packed((RUNTIME / "dist" / "ort-wasm-simd-threaded.wasm").read_bytes()))
    for package in installed_models(CODEC):
        write_model(out, package)
    runtime = json.loads((RUNTIME / "package.json").read_text(encoding="utf-8"))
    about = "ONNX Runtime Web {version}, https://onnxruntime.ai, (c) Microsoft Corporation, {license}\n".format(
        **runtime
    )
    (out / "third-party.txt").write_text(about, encoding="utf-8")
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{out}: {size / 1e6:.1f} MB; open {out / 'index.html'} in a browser")


def fetch() -> None:
    """Have npm install what package-lock.json names, unless it is there."""
    done, wanted = MODULES / ".package-lock.json", HERE / "package-lock.json"
    if done.exists() and done.stat().st_mtime >= wanted.stat().st_mtime:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("the page is built with Node.js and npm: install them (https://nodejs.org)")
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, check=True)
    os.utime(done)


def bundle(name: str) -> str:
    """A script and all that it imports, as one classic script."""
    # The runtime asks for its own address only to find files that it is given here.
    command = [MODULES / ".bin" / "esbuild", SOURCES / name, *BUNDLE, "--define:import.meta.url=self.location.href"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def packed(data: bytes) -> str:
    """Bytes as text for a script."""
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode("ascii")


def write_part(out: Path, name: str, value: object) -> None:
    """A script that hands the page a part: unlike other files, a page on a disk may load it."""
    (out / f"{name}.js").write_text(f"LatentPress.part({json.dumps(name)}, {json.dumps(value)});\n", encoding="utf-8")


def write_model(out: Path, package: ModelPackage) -> None:
    """The decoder's side of a model package, checked against its digest."""
    try:
        files = {name: packed(data) for name, data in package.files.items() if name not in ENCODER_ONLY}
    except LatentPressError as error:
        raise SystemExit(str(error)) from None
    card = {name: package.card[name] for name in ("name", "codec", "sha256", "config")}
    write_part(out, f"models/{package.id.hex()}", {"card": card, "files": files})


if __name__ == "__main__":
    main()
