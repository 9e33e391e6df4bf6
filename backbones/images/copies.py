"""A corrected copy of data, beside the original, which is only read."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2

from backbones.files.atomic import copy_inside, real, write_inside
from backbones.files.folder import whole_folder
from backbones.images.decoding import read_image
from backbones.images.depth import EIGHT, shifted
from backbones.images.encoding import encode_image
from backbones.images.inspect import ImageFacts

Say = Callable[[str], None]

AS_READ = 8  # bits by which a decoder moves 16 to 8
# as near to the pixels as a JPEG is: no colour is averaged over neighbours
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 98, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111)
SHIFTED = "images of {bits} bits in 16, written in 8"
TURNED, LEFT_OUT = "images turned upright", "images left out: missing, unreadable or truncated"


@contextlib.contextmanager
def fresh_folder(out: Path, sources: Sequence[Path], option: str = "--fix") -> Iterator[Path]:
    """A `whole_folder` apart from the data that it is made of.

    `option` is what named `out`, for messages.

    Raises: ValueError if `out` holds anything, or lies in one of `sources`, or one of them in it.
    """
    target = real(out)
    for source in map(real, sources):
        if target == source or source in target.parents or target in source.parents:
            raise ValueError(
                f"{option} must name a folder apart from {source}, got {out}; "
                "the data itself is left as it is"
            )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{option} must name a new or empty folder, got {out}; name another")
    with whole_folder(target) as fresh:
        yield fresh


def copy_image(
    source: str, target: Path, fact: ImageFacts, done: Counter[str], shift: int = AS_READ
) -> None:
    """A copy of the file; where EXIF turns it, its pixels upright, without EXIF; one of 16 bits
    in 8, moved by `shift`: see `depth.shift_of`.
    """
    scaled = fact.depth > EIGHT and shift < AS_READ
    if fact.orientation == 1 and not scaled:
        copy_inside(source, target)
        return
    done.update([TURNED] if fact.orientation > 1 else [])
    done.update([SHIFTED.format(bits=shift + EIGHT)] if scaled else [])
    pixels = shifted(Path(source).read_bytes(), shift) if scaled else read_image(source, "BGR")
    if target.suffix.lower() == ".pgm":
        pixels = pixels[..., 0]
    is_jpeg = target.suffix.lower() in (".jpg", ".jpeg", ".jpe")
    data = encode_image(pixels, target.suffix, _JPEG if is_jpeg else ())
    if data is None:
        raise ValueError(f"{target} must be of a kind that can be written; rename {source}")
    write_inside(target, data)


def check_any_left(count: int, source: object) -> None:
    """Raises: ValueError where nothing of the data can be used."""
    if not count:
        raise ValueError(
            f"--fix must find an image that can be used in {source}, got none; restore the data"
        )


def tell(done: Counter[str], out: Path, say: Say) -> None:
    """One line for each thing that was done."""
    for what, count in sorted(done.items()):
        say(f"fixed: {what}: {count}")
    say(f"written: {out}/")
