"""The matches of an evaluation on disk: what comparisons, plots and galleries start from.

A .npz beside the result's JSON; arrays and one JSON text, nothing that could run when read.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as shortly
from typing import Any

import numpy as np

from backbones.files.atomic import write_bytes
from backbones.files.outputs import json_bytes
from resdet.evaluation.matches import Matches, Objects
from resdet.evaluation.rules import rules_of
from resdet.structures.records import Dataset

FORMAT = "resdet.matches/1"
_COLUMNS = ("images", "labels", "scores", "boxes", "verdicts", "objects")
_TRUTH = ("images", "labels", "boxes", "ignored")
_TRUTH_COLUMNS = tuple(f"truth_{name}" for name in _TRUTH)
_SAFE_KINDS = "biuf"
_MOST_BYTES = 1 << 31  # 20 million detections at ten thresholds; all of COCO's have 2 million


@dataclass(frozen=True)
class Record:
    """An evaluation's matches and where its images are: one file name per image id, in `root`.

    `root` is "" and `files` empty where no image was at hand.
    """

    matches: Matches
    root: str = ""
    files: tuple[str, ...] = ()


def matches_path(result: Path) -> Path:
    """Where the matches of a result's JSON lie: `vgg16.json` -> `vgg16.matches.npz`."""
    return result.with_name(result.name.removesuffix(".json") + ".matches.npz")


def save_matches(path: Path, record: Record) -> None:
    """Write whole or not at all."""
    matches = record.matches
    head = {
        "format": FORMAT,
        "rules": vars(matches.rules),
        "class_names": matches.class_names,
        "thresholds": matches.thresholds,
        "image_ids": matches.image_ids,
        "root": record.root,
        "files": record.files,
    }
    columns = {name: getattr(matches, name) for name in _COLUMNS}
    truth = {f"truth_{name}": getattr(matches.truth, name) for name in _TRUTH}
    text = np.frombuffer(json.dumps(head).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, head=text, **columns, **truth)
    write_bytes(path, buffer.getvalue())


def load_matches(path: Path) -> Record:
    """Read what `save_matches` wrote.

    Raises: FileNotFoundError; ValueError naming the file where it is cut short or something else.
    """
    if not path.is_file():
        raise FileNotFoundError(f"matches must exist, got no file {path}; evaluate with --json")
    try:
        _check_sizes(path)
        with np.load(path, allow_pickle=False) as file:
            arrays: dict[str, Any] = {name: file[name] for name in file.files}
        return _record(json.loads(arrays.pop("head").tobytes()), arrays)
    except Exception as error:  # a cut or foreign file makes zipfile and NumPy raise anything
        raise ValueError(
            f"{path} must be the matches that eval-voc or eval-coco wrote, "
            f"got {error!s:.200}; evaluate again"
        ) from None


def _check_sizes(path: Path) -> None:
    """Before anything is unpacked: a bomb is small until then."""
    with zipfile.ZipFile(path) as file:
        parts = file.infolist()
    names = Counter(part.filename for part in parts)
    expected = Counter(f"{name}.npy" for name in ("head", *_COLUMNS, *_TRUTH_COLUMNS))
    if names != expected:
        raise ValueError(f"the parts {sorted(names)} for {sorted(expected)}")
    unpacked = sum(part.file_size for part in parts)
    if unpacked > _MOST_BYTES:
        raise ValueError(f"{unpacked:,} bytes unpacked for at most {_MOST_BYTES:,}")


def _record(head: dict[str, Any], arrays: dict[str, Any]) -> Record:
    _check_head(head)
    truth = Objects(**{name: arrays[f"truth_{name}"] for name in _TRUTH})
    matches = Matches(
        rules=rules_of(head["rules"]),
        class_names=tuple(head["class_names"]),
        thresholds=tuple(head["thresholds"]),
        image_ids=tuple(head["image_ids"]),
        truth=truth,
        **{name: arrays[name] for name in _COLUMNS},
    )
    _check_shapes(matches)
    return Record(matches, head["root"], tuple(head["files"]))


def _check_head(head: Any) -> None:
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        got = head.get("format") if isinstance(head, dict) else head
        raise ValueError(f"format {shortly(got)} for {FORMAT!r}")
    sound = {
        "class_names": _distinct(head["class_names"], str),
        "thresholds": _distinct(head["thresholds"], float, int)
        and bool(head["thresholds"])
        and all(0 < threshold <= 1 for threshold in head["thresholds"]),
        "image_ids": _distinct(head["image_ids"], str, int),
        "root": isinstance(head["root"], str),
        "files": _all(head["files"], str) and len(head["files"]) in (0, len(head["image_ids"])),
    }
    for name, good in sound.items():
        if not good:
            raise ValueError(f"{name} {shortly(head[name])}")


def _all(values: Any, *kinds: type) -> bool:
    return isinstance(values, list) and all(type(value) in kinds for value in values)


def _distinct(values: Any, *kinds: type) -> bool:
    return _all(values, *kinds) and len(set(values)) == len(values)


def _check_shapes(matches: Matches) -> None:
    n, m, t = len(matches.labels), len(matches.truth.labels), len(matches.thresholds)
    truth = matches.truth
    expected: dict[str, tuple[Any, tuple[int, ...], int | None]] = {
        "images": (matches.images, (n,), len(matches.image_ids)),
        "labels": (matches.labels, (n,), len(matches.class_names)),
        "scores": (matches.scores, (n,), None),
        "boxes": (matches.boxes, (n, 4), None),
        "verdicts": (matches.verdicts, (t, n), 2),
        "objects": (matches.objects, (t, n), m),
        "truth_images": (truth.images, (m,), len(matches.image_ids)),
        "truth_labels": (truth.labels, (m,), len(matches.class_names)),
        "truth_boxes": (truth.boxes, (m, 4), None),
        "truth_ignored": (truth.ignored, (m,), None),
    }
    for name, (array, shape, limit) in expected.items():
        lowest = -1 if name in ("verdicts", "objects") else 0
        if array.shape != shape or array.dtype.kind not in _SAFE_KINDS:
            raise ValueError(f"{name} of shape {array.shape} for {shape}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} with a number that is not finite")
        if limit is not None and array.size and not (lowest <= array.min() <= array.max() < limit):
            raise ValueError(f"{name} outside [{lowest}, {limit})")


def write_result(
    path: Path, numbers: Mapping[str, Any], matches: Matches, dataset: Dataset, images: Path | None
) -> None:
    """The numbers as JSON and the matches they were made from beside it."""
    record = matches_path(path)
    content = json_bytes(path, {**numbers, "dataset": dataset.name, "matches": record.name})
    save_matches(record, record_of(matches, dataset, images))
    write_bytes(path, content)


def record_of(matches: Matches, dataset: Dataset, images: Path | None) -> Record:
    """The matches with the name of each picture, for comparisons and galleries to come."""
    root = images
    if dataset.kind == "voc":
        folder = dataset.annotations / "JPEGImages"
        own = any(record.path.is_relative_to(folder) for record in dataset.records)
        root = folder if own else dataset.annotations
    names = {record.image_id: _relative(record.path, root) for record in dataset.records}
    files = tuple(names[image_id] for image_id in matches.image_ids)
    return Record(matches, str(root.absolute()) if root else "", files)


def _relative(path: Path, root: Path | None) -> str:
    inside = root is not None and path.is_relative_to(root)
    return (path.relative_to(root) if root and inside else path).as_posix()
