"""Images: which there are, and where drawn ones may go."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2

from backbones.images.folders import DRAWN


def image_files(source: Path) -> list[Path]:
    """The image itself, or the images of a folder by name.

    Raises: ValueError if there is none.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise ValueError(f"input must be an image, a folder or a video, got no file {source}")
    files = sorted(path for path in source.iterdir() if path.suffix.lower() in DRAWN)
    if not files:
        raise ValueError(f"input must hold images ({' '.join(DRAWN)}), got none in {source}")
    return files


def check_output(output: Path, inputs: Sequence[Path], pictures: Sequence[Path]) -> None:
    """Find out before the work whether `pictures` could be written to the folder `output`.

    Raises: ValueError if one of the inputs lies there; OSError if it is no folder to write in,
    or OpenCV writes no such files.
    """
    if output.resolve() in {path.parent.resolve() for path in inputs}:
        raise ValueError(f"output must be another folder than the input's, got {output}")
    there = next(path for path in (output, *output.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise OSError(f"output must be a folder to write in, or new in one, got {output}")
    wrong = [path for path in pictures if not cv2.haveImageWriter(path.name)]
    if wrong:
        raise OSError(f"image must be of a kind that OpenCV writes, got {wrong[0]}; convert it")
