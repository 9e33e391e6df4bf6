"""onnxruntime-web from a package, a folder, or npm; nothing is fetched here."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from resdet.export.web import library

MADE = {name: name.encode() for name in library.FILES}


def _package(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def test_the_files_of_a_package(tmp_path: Path) -> None:
    assert library.find_library(_package(tmp_path / "it.tgz", MADE)) == MADE


@pytest.mark.parametrize("below", ["", "dist", "package/dist"])
def test_the_files_of_a_folder(tmp_path: Path, below: str) -> None:
    dist = tmp_path / below
    dist.mkdir(parents=True, exist_ok=True)
    for name, content in MADE.items():
        (dist / name).write_bytes(content)
    assert library.find_library(tmp_path) == MADE


def test_another_package_and_another_folder_are_refused(tmp_path: Path) -> None:
    lacking = _package(tmp_path / "it.tgz", {"other.js": b""})
    with pytest.raises(ValueError, match=r"it\.tgz must be the package onnxruntime-web@"):
        library.find_library(lacking)
    lacking.write_bytes(b"no archive")
    with pytest.raises(ValueError, match=r"it\.tgz must be the package onnxruntime-web@"):
        library.find_library(lacking)
    with pytest.raises(ValueError, match="--onnxruntime-web must hold dist/ort"):
        library.find_library(tmp_path)
    with pytest.raises(ValueError, match="--onnxruntime-web must be a package or folder"):
        library.check_library(tmp_path / "nowhere")


def _npm(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    npm = folder / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_what_npm_fetches_is_held_to_its_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = _package(tmp_path / "it.tgz", MADE)
    _npm(tmp_path, monkeypatch, f'cp {package} "$5"')
    with pytest.raises(ValueError, match="got a package of SHA-512 "):
        library.find_library(None)
    digest = library.digest_of(package.read_bytes())
    monkeypatch.setattr(library, "_DIGEST", digest)
    assert library.find_library(None) == MADE


def test_what_npm_says_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _npm(tmp_path, monkeypatch, "echo no network >&2; exit 1")
    with pytest.raises(ValueError, match=r"got no network; give --onnxruntime-web its package"):
        library.find_library(None)


def test_without_npm_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match="got no npm to fetch it"):
        library.check_library(None)
