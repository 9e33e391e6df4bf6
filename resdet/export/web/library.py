"""onnxruntime-web, as its package holds it: from a place that is named, or by npm."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

VERSION = "1.30.0"
PACKAGE = f"onnxruntime-web@{VERSION}"
FILES = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")  # of its dist/
LICENCE = f"{PACKAGE}: MIT License, Copyright (c) Microsoft Corporation\n"
_DIGEST = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
_SECONDS = 600


def find_library(given: Path | None) -> dict[str, bytes]:
    """Name and bytes of each file of the library that a page needs.

    `given`: its package (.tgz), or the folder that it is unpacked in; without it npm fetches it,
    and the package is held to the SHA-512 of the version.

    Raises: ValueError if it is not there, another, or npm cannot get it.
    """
    if given is None:
        return _by_npm()
    return _of_folder(given) if given.is_dir() else _of_package(given)


def check_library(given: Path | None) -> None:
    """Find out before the work whether there is a way to it.

    Raises: ValueError if there is none.
    """
    if given is None and shutil.which("npm") is None:
        raise ValueError(
            f"--format web needs {PACKAGE}, got no npm to fetch it; install npm (Node.js), or give "
            "--onnxruntime-web its package (.tgz) or folder"
        )
    if given is not None and not given.exists():
        raise ValueError(f"--onnxruntime-web must be a package or folder, got no file {given}")


def _by_npm() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", PACKAGE, "--silent", "--pack-destination", folder]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=_SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ValueError(_unfetched(str(error))) from error
        packages = [*Path(folder).glob("*.tgz")]
        if done.returncode or len(packages) != 1:
            raise ValueError(_unfetched((done.stderr.strip().splitlines() or ["nothing"])[-1]))
        digest = digest_of(packages[0].read_bytes())
        if digest != _DIGEST:
            raise ValueError(_unfetched(f"a package of SHA-512 {digest}"))
        return _of_package(packages[0])


def digest_of(package: bytes) -> str:
    """As npm writes it: SHA-512 in base 64."""
    return base64.b64encode(hashlib.sha512(package).digest()).decode()


def _unfetched(why: str) -> str:
    return (
        f"npm pack {PACKAGE} must fetch the package of SHA-512 {_DIGEST}, got {why:.300}; "
        "give --onnxruntime-web its package (.tgz) or folder"
    )


def _of_package(package: Path) -> dict[str, bytes]:
    found = {}
    try:
        with tarfile.open(package) as tar:
            for name in FILES:
                member = tar.extractfile(f"package/dist/{name}")
                found[name] = member.read() if member else b""
    except (OSError, EOFError, KeyError, tarfile.TarError) as error:
        raise ValueError(
            f"{package} must be the package {PACKAGE} (.tgz), got {error}; fetch it by npm pack"
        ) from error
    return found


def _of_folder(folder: Path) -> dict[str, bytes]:
    for dist in (folder, folder / "dist", folder / "package/dist"):
        if all((dist / name).is_file() for name in FILES):
            return {name: (dist / name).read_bytes() for name in FILES}
    raise ValueError(
        f"--onnxruntime-web must hold dist/{FILES[0]} and dist/{FILES[1]} of {PACKAGE}, got "
        f"{folder} without; unpack its package there"
    )
