"""The pictures that an int8 file is calibrated with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backbones.images.folders import SUFFIXES, files_below, spread
from backbones.images.heads import inspect_heads
from backbones.terminal.wording import count
from resdet.data.discover import discover
from resdet.data.not_found import NoDataError

LEAST, MOST = 20, 100
_MOST_AGREEING = 50


@dataclass(frozen=True)
class Pictures:
    """`calibrate` and, where no objects are known, others that are to agree; `where` from."""

    calibrate: Sequence[Path]
    agree: Sequence[Path]
    where: str


def find_pictures(folder: Path, beside: Path) -> Pictures:
    """At most a hundred, spread over the images to train on, or over all of a plain folder.

    `beside`: a run's folder, which may hold the splits.
    Raises: ValueError if there are fewer than twenty.
    """
    try:
        found = discover(folder, beside=beside)
    except NoDataError:
        paths, where = _sound(folder / name for name in sorted(files_below(folder, SUFFIXES)))
        agree, where = paths[::4], f"{folder}{where}"
    else:
        split = found.to_train or found.to_measure
        paths, where = _sound(record.path for record in found.load(split).records)
        agree, where = [], f"{split} of {found.root}{where}"
    if len(paths) < LEAST:
        raise ValueError(
            f"--calibrate must hold {LEAST} images or more, got {len(paths)} in {where}; "
            "add some like those that will be looked at"
        )
    kept = set(agree)
    others = [path for path in paths if path not in kept]
    return Pictures(spread(others, MOST), spread(agree, _MOST_AGREEING), where)


def _sound(paths: Iterable[Path]) -> tuple[list[Path], str]:
    """The images that can be read, and how many cannot, in words."""
    given = list(paths)
    facts = inspect_heads([str(path) for path in given])
    sound = [path for path, fact in zip(given, facts) if fact.readable]
    without = len(given) - len(sound)
    return sound, f", {count(without, 'image')} left out that cannot be read" if without else ""
