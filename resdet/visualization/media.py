"""Images: which there are, and where drawn ones may go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from backbones.files.atomic import real
from backbones.images.folders import DRAWN, SUFFIXES, WRITTEN, is_image
from resdet.visualization.films import VIDEOS


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


def names_file(output: Path) -> bool:
    """Whether `output` names a picture or a film, and not the folder for them."""
    return output.suffix.lower() in (*DRAWN, *VIDEOS) and not output.is_dir()


def drawn_name(source: Path) -> str:
    """Its own, with .png behind it where its kind cannot be written."""
    return source.name if source.suffix.lower() in WRITTEN else f"{source.name}.png"


def check_output(output: Path, inputs: Sequence[Path], drawn: Iterable[Path | None]) -> None:
    """Find out before the work whether the pictures `drawn` in the folder `output` harm an input.

    Raises: ValueError if one of the inputs lies there, under its own name or by a link.
    """
    if real(output) in {real(path).parent for path in inputs}:
        raise ValueError(f"output must be another folder than the input's, got {output}")
    taken = set(map(real, inputs))
    for path in filter(None, drawn):
        if path.exists() and real(path) in taken:
            raise ValueError(f"output must hold no input, got {path}; draw into another folder")
