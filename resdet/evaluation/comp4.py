"""comp4_det_test_<class>.txt, the files of the VOC devkit: one line a detection.

`image_id score xmin ymin xmax ymax`, corners 1-based and inclusive.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from resdet.boxes import from_voc, to_voc
from resdet.evaluation.table import DetectionTable, number_ids
from resdet.structures import Detections, ImageId

_PREFIX, _SUFFIX = "comp4_det_test_", ".txt"


def write_comp4(
    folder: Path, detections: Iterable[Detections] | DetectionTable, class_names: Sequence[str]
) -> None:
    """Write one file a class, every digit of score and corners; the folder appears whole.

    An earlier set of comp4 files in `folder` is replaced.

    Raises: ValueError if `folder` holds anything else, or a class cannot name a file.
    """
    table = detections if isinstance(detections, DetectionTable) else DetectionTable.of(detections)
    _check_class_names(class_names)
    _check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fresh.chmod(0o755)  # mkdtemp's 0700 is for secrets
        for label, name in enumerate(class_names):
            lines = _lines(table, np.flatnonzero(table.labels == label))
            (fresh / f"{_PREFIX}{name}{_SUFFIX}").write_text("".join(lines), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def read_comp4(folder: Path, class_names: Sequence[str]) -> DetectionTable:
    """The detections of all classes, in the order of the lines of each file.

    Raises: ValueError for files missing or of other classes, or a malformed line by number.
    """
    _check_files(folder, class_names)
    columns: list[tuple[list[ImageId], np.ndarray]] = []
    for name in class_names:
        columns.append(_read_file(folder / f"{_PREFIX}{name}{_SUFFIX}"))
    numbers = number_ids(image_id for ids, _ in columns for image_id in ids)
    images = [numbers[image_id] for ids, _ in columns for image_id in ids]
    values = np.concatenate([np.zeros((0, 5)), *[values for _, values in columns]])
    labels = np.repeat(np.arange(len(columns)), [len(ids) for ids, _ in columns])
    return DetectionTable(
        image_ids=tuple(numbers),
        images=np.array(images, np.int64),
        boxes=from_voc(values[:, 1:]).astype(np.float64),
        labels=labels.astype(np.int64),
        scores=values[:, 0],
    )


def _lines(table: DetectionTable, rows: np.ndarray) -> list[str]:
    # float64 first: float32 + 1 would lose the last digits of a corner near 0
    corners = to_voc(table.boxes[rows]).tolist()
    ids = [table.image_ids[i] for i in table.images[rows]]
    return [
        f"{image_id} {score!r} {x1!r} {y1!r} {x2!r} {y2!r}\n"
        for image_id, score, (x1, y1, x2, y2) in zip(ids, table.scores[rows].tolist(), corners)
    ]


def _read_file(path: Path) -> tuple[list[ImageId], np.ndarray]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be UTF-8 text, got bytes that are not; {error}") from None
    rows = [(number, line.rsplit(None, 5)) for number, line in enumerate(lines, 1) if line.strip()]
    for number, row in rows:
        if len(row) != 6:
            raise _malformed(path, number, lines[number - 1])
    try:
        numbers = chain.from_iterable(row[1:] for _, row in rows)
        values = np.fromiter(map(float, numbers), np.float64, 5 * len(rows)).reshape(-1, 5)
    except ValueError:
        bad = next(number for number, row in rows if not all(map(_is_number, row[1:])))
        raise _malformed(path, bad, lines[bad - 1]) from None
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        bad = rows[int(np.argmin(finite))][0]
        raise _malformed(path, bad, lines[bad - 1])
    return [row[0].strip() for _, row in rows], values


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _malformed(path: Path, number: int, line: str) -> ValueError:
    return ValueError(
        f"{path}:{number}: line must be `image_id score xmin ymin xmax ymax` with finite numbers, "
        f"got {line[:80]!r}"
    )


def _check_files(folder: Path, class_names: Sequence[str]) -> None:
    if not folder.is_dir():
        raise ValueError(f"detections must be a folder of comp4 files, got {folder}")
    present = {p.name[len(_PREFIX) : -len(_SUFFIX)] for p in folder.glob(f"{_PREFIX}*{_SUFFIX}")}
    missing = [name for name in class_names if name not in present]
    other = sorted(present - set(class_names))
    if missing or other:
        faults = [f"missing: {', '.join(missing)}"] * bool(missing)
        faults += [f"of no class of the data: {', '.join(other)}"] * bool(other)
        raise ValueError(
            f"{folder} must hold one {_PREFIX}<class>{_SUFFIX} for each of "
            f"[{', '.join(class_names)}], got {'; '.join(faults)}"
        )


def _check_class_names(class_names: Sequence[str]) -> None:
    for name in class_names:
        if not name or "/" in name or "\\" in name or "\0" in name:
            raise ValueError(f"class name must be usable in a file name, got {name!r}")


def _check_replaceable(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"folder must be a folder or new, got the file {folder}")
    others = [p.name for p in folder.glob("*") if not p.match(f"{_PREFIX}*{_SUFFIX}")]
    if others:
        raise ValueError(
            f"folder must hold comp4 files only, because they are replaced, got {others[:3]} in "
            f"{folder}; name another folder"
        )
