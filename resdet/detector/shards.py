"""Detections of every image once, by any number of processes; of very many, kept as they come.

A shard is a file with the detections of some images, written whole by one process. What the shards
of a folder hold is not detected again, however many processes go on from there.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch.distributed as dist

from backbones.files.atomic import write_bytes
from backbones.machine import distributed
from backbones.terminal.progress import tracked
from resdet.detector.detector import Detector
from resdet.detector.pipeline import UntilFault
from resdet.evaluation.detection_table import join_columns
from resdet.structures.records import Dataset, Detections, ImageRecord

FORMAT = "resdet.shard/1"
SUFFIX = ".shard"
IMAGES = 200  # of a shard: all that a process loses when it is killed
_PATIENCE = timedelta(days=7)  # machines differ: the first waits for the last
_COLUMNS = {"boxes": 4, "labels": 0, "scores": 0}  # their second dimension


def detect_all(detector: Detector, dataset: Dataset) -> list[Detections] | None:
    """Detections of every image in the dataset's order; in other processes than the main, None."""
    gathered = _gather(list(_progress(detector, dataset.records, dataset.name)))
    return None if gathered is None else _in_order(dataset, [f for part in gathered for f in part])


def detect_in_shards(
    detector: Detector,
    dataset: Dataset,
    folder: Path,
    made_by: Mapping[str, str],
    images: int = IMAGES,
) -> list[Detections] | None:
    """As `detect_all`, to the last bit, through files in a folder that every process sees.

    `made_by` names what the detections depend on: a shard of another is refused, as a broken one.
    Raises: ValueError naming the shard and what to do, in the main process only; what detecting
        raises, once all before it is in a shard.
    """
    about = {"format": FORMAT, **made_by, "data": _fingerprint(dataset)}
    held: dict[Path, list[Detections]] = {}
    fault: ValueError | None = None
    todo: list[int] | None = None
    if distributed.is_main():
        try:
            held = _read_new(folder, about, dataset, {})
            done = {found.image_id for part in held.values() for found in part}
            todo = [i for i, r in enumerate(dataset.records) if r.image_id not in done]
        except ValueError as error:
            fault = error
    todo = distributed.gather(todo)[0]  # type: ignore[assignment]  # the main process's
    if todo is None:
        if fault:
            raise fault
        return None
    numbers = {record.image_id: index for index, record in enumerate(dataset.records)}
    share = [dataset.records[i] for i in todo]
    found = UntilFault(_progress(detector, share, dataset.name))
    while part := list(islice(found, images)):
        _write(folder, about, [numbers[f.image_id] for f in part], part)
    found.check()
    if _gather(None) is None:
        return None
    held = _read_new(folder, about, dataset, held)
    return _in_order(dataset, [f for part in held.values() for f in part], folder)


def _progress(
    detector: Detector, records: Sequence[ImageRecord], name: str
) -> Iterator[Detections]:
    """This process's share of the records; the main one draws a bar."""
    share = records[distributed.rank() :: distributed.world_size()]
    mine: Iterable[Detections] = detector.predict_records(share)
    if distributed.is_main():
        mine = tracked(mine, f"detecting in {name}", len(share))
    return iter(mine)


def _in_order(
    dataset: Dataset, found: Sequence[Detections], folder: Path | None = None
) -> list[Detections]:
    by_id = {f.image_id: f for f in found}
    missing = [r.image_id for r in dataset.records if r.image_id not in by_id]
    if missing:  # in memory nothing gets lost
        raise ValueError(
            f"{folder} must be a folder that every process sees, got none with "
            f"{len(missing)} of {len(dataset)} images; give one on a disk that the machines share"
        )
    return [by_id[record.image_id] for record in dataset.records]


def _gather(item: Any) -> list[Any] | None:
    """`item` of every process in the main one, None in the others; waits for days, not minutes."""
    if not dist.is_initialized():
        return [item]
    group: Any = dist.new_group(backend="gloo", timeout=_PATIENCE)
    items: list[Any] | None = [None] * distributed.world_size() if distributed.is_main() else None
    dist.gather_object(item, items, group=group)
    dist.destroy_process_group(group)
    return items


def _fingerprint(dataset: Dataset) -> str:
    """Of the images, in their order, wherever they lie on this machine."""
    images = [(str(r.image_id), r.path.name, r.height, r.width) for r in dataset.records]
    return hashlib.sha256(json.dumps(images).encode()).hexdigest()


def _write(
    folder: Path, about: Mapping[str, str], images: Sequence[int], found: Sequence[Detections]
) -> None:
    arrays: dict[str, Any] = {
        "images": np.array(images, np.int64),
        "counts": np.array([len(f) for f in found], np.int64),
    }
    for name, second in _COLUMNS.items():
        columns = [getattr(f, name) for f in found]
        shape = (second,) if second else ()
        arrays[name] = join_columns(columns, columns[0].dtype, *shape)  # type: ignore[arg-type]
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    body = buffer.getvalue()
    head = {"about": about, "sha256": hashlib.sha256(body).hexdigest()}
    write_bytes(folder / f"{images[0]:09}{SUFFIX}", json.dumps(head).encode() + b"\n" + body)


def _read_new(
    folder: Path,
    about: Mapping[str, str],
    dataset: Dataset,
    held: Mapping[Path, list[Detections]],
) -> dict[Path, list[Detections]]:
    """What the shards hold; those already `held` are not read again.

    Raises: ValueError if one is broken or foreign, or an image is in two.
    """
    parts = dict(held)
    first: dict[Any, Path] = {f.image_id: path for path, part in held.items() for f in part}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        if path in held:
            continue
        parts[path] = _read(path, about, dataset)
        for found in parts[path]:
            other = first.setdefault(found.image_id, path)
            if other != path:
                raise ValueError(
                    f"image {found.image_id!r} must be in one shard, got it in {other} and {path}; "
                    "remove one of them, and start one run at a time in a folder"
                )
    return parts


def _read(path: Path, about: Mapping[str, str], dataset: Dataset) -> list[Detections]:
    head, _, body = path.read_bytes().partition(b"\n")
    try:
        claims = json.loads(head)
        own = dict(claims["about"])
        if own.get("format") == FORMAT and claims["sha256"] != hashlib.sha256(body).hexdigest():
            raise ValueError("other bytes than were written")
        differing = [key for key in {**about, **own} if own.get(key) != about.get(key)]
        if not differing:
            return _detections(body, dataset)
    except Exception as error:  # a cut or foreign file makes zipfile and NumPy raise anything
        raise ValueError(
            f"{path} must be a whole shard, got {error!s:.200}; "
            "remove it to detect its images again"
        ) from None
    raise ValueError(
        f"{path} must be a shard of this run, got one of another {', '.join(differing)}; "
        "give another folder, or remove the shards in this one"
    )


def _detections(body: bytes, dataset: Dataset) -> list[Detections]:
    with np.load(io.BytesIO(body), allow_pickle=False) as file:
        images, counts = file["images"], file["counts"]
        ends = np.cumsum(counts)[:-1]
        columns = [np.split(file[name], ends) for name in _COLUMNS]
    return [
        Detections(dataset.records[image].image_id, *columns_of_image)
        for image, *columns_of_image in zip(images.tolist(), *columns)
    ]
