"""The matches of an evaluation on disk: what comparisons, plots and galleries start from.

A .npz beside the result's JSON; arrays and one JSON text, nothing that could run when read.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from resdet.evaluation.matches import Matches, Objects, Rules
from resdet.evaluation.results import write_bytes

FORMAT = "resdet.matches/1"
_COLUMNS = ("images", "labels", "scores", "boxes", "verdicts", "objects")
_TRUTH = ("images", "labels", "boxes", "ignored")
_SAFE_KINDS = "biuf"


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
        with np.load(path, allow_pickle=False) as file:
            arrays: dict[str, Any] = {name: file[name] for name in file.files}
        return _record(json.loads(arrays.pop("head").tobytes()), arrays)
    except (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} must be the matches that eval_voc or eval_coco wrote, got {error}; "
            "evaluate again"
        ) from None


def _record(head: dict[str, Any], arrays: dict[str, Any]) -> Record:
    if head["format"] != FORMAT:
        raise ValueError(f"format {head['format']!r} for {FORMAT!r}")
    truth = Objects(**{name: arrays[f"truth_{name}"] for name in _TRUTH})
    matches = Matches(
        rules=Rules(**head["rules"]),
        class_names=tuple(head["class_names"]),
        thresholds=tuple(head["thresholds"]),
        image_ids=tuple(head["image_ids"]),
        truth=truth,
        **{name: arrays[name] for name in _COLUMNS},
    )
    _check_shapes(matches)
    return Record(matches, head["root"], tuple(head["files"]))


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
