"""Images: which there are, and where drawn ones may go."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from backbones.images.folders import SUFFIXES, WRITTEN, is_image


def image_files(source: Path) -> list[Path]:
    """The image itself, or the images of a folder by name.

    Raises: ValueError if there is none.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise ValueError(f"input must be an image, a folder or a video, got no file {source}")
    files = sorted(path for path in source.iterdir() if is_image(path.name))
    if not files:
        raise ValueError(f"input must hold images ({' '.join(SUFFIXES)}), got none in {source}")
    return files


def drawn_name(source: Path) -> str:
    """Its own, with .png behind it where its kind cannot be written."""
    return source.name if source.suffix.lower() in WRITTEN else f"{source.name}.png"


def check_output(output: Path, inputs: Sequence[Path]) -> None:
    """Find out before the work whether pictures could be written to the folder `output`.

    Raises: ValueError if one of the inputs lies there; OSError if it is no folder to write in.
    """
    if output.resolve() in {path.parent.resolve() for path in inputs}:
        raise ValueError(f"output must be another folder than the input's, got {output}")
    there = next(path for path in (output, *output.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise OSError(f"output must be a folder to write in, or new in one, got {output}")
