"""A corrected copy of data, beside the original, which is only read."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2

from backbones.data.check_classes import SPLITS, images_of, is_folder
from backbones.data.check_images import ImageFacts, Progress, inspect_images
from backbones.data.decoding import read_image
from backbones.data.images import has_split

Say = Callable[[str], None]
# as near to the pixels as a JPEG is: no colour is averaged over neighbours
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 98, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111)

TURNED, LEFT_OUT = "images turned upright", "images left out: missing, unreadable or truncated"


@contextlib.contextmanager
def fresh_folder(out: Path, sources: Sequence[Path], option: str = "--fix") -> Iterator[Path]:
    """A folder beside `out` that takes its name when all in it is written, or goes.

    `option` is what named `out`, for messages.

    Raises: ValueError if `out` holds anything, or lies in one of `sources`, or one of them in it.
    """
    target = out.absolute().resolve()
    for source in (path.resolve() for path in sources):
        if target == source or source in target.parents or target in source.parents:
            raise ValueError(
                f"{option} must name a folder apart from {source}, got {out}; "
                "the data itself is left as it is"
            )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{option} must name a new or empty folder, got {out}; name another")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield beside
        if target.is_dir():
            target.rmdir()
        beside.chmod(0o755)
        beside.rename(target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def copy_image(source: str, target: Path, fact: ImageFacts, done: Counter[str]) -> None:
    """A copy of the file; where EXIF turns it, its pixels upright, without EXIF."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if fact.orientation == 1:
        shutil.copyfile(source, target)
        return
    done[TURNED] += 1
    pixels = cv2.cvtColor(read_image(source), cv2.COLOR_RGB2BGR)
    encoded, data = cv2.imencode(target.suffix, pixels, _JPEG)
    if not encoded:
        raise ValueError(f"{target} must be of a kind that can be written; rename {source}")
    target.write_bytes(data.tobytes())


def fix_folder(
    root: Path,
    out: Path,
    splits: Sequence[str] = (),
    *,
    full: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
    say: Say = print,
) -> None:
    """Copies the folders of classes of `root` without files that no reader takes, images upright.

    Raises: ValueError if `root` holds no such folders, or `out` may not be written.
    """
    given = tuple(splits) or tuple(s for s in SPLITS if has_split(root, s)) or ("",)
    packed = [split for split in given if not is_folder(root, split)]
    if packed:
        raise ValueError(
            f"--fix must be given folders of classes, VOC or COCO, got tar shards or CIFAR's files "
            f"in {root}; fetch or pack them again"
        )
    done: Counter[str] = Counter()
    with fresh_folder(out, [root]) as beside:
        for split in given:
            paths = [path for folder in _classes(root / split) for path in images_of(folder)]
            facts = inspect_images(paths, full=full, workers=workers, progress=progress)
            for path, fact in zip(paths, facts, strict=True):
                if not fact.readable:
                    done[LEFT_OUT] += 1
                    continue
                copy_image(path, beside / Path(path).relative_to(root), fact, done)
        check_any_left(sum(1 for path in beside.rglob("*") if path.is_file()), root)
    tell(done, out, say)


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


def _classes(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())
