"""A split of COCO's form: named, loaded, listed, with what its file tells besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from resdet.data.coco.reader import load_coco, read_content
from resdet.data.labels import labelled_by
from resdet.data.source import Source, of_file
from resdet.data.validate import Faults
from resdet.data.writing import Details
from resdet.structures.records import Dataset, ImageId, ImageRecord

_ROBOFLOW = "_annotations.coco.json"  # the name of all its files

parse = partial(of_file, "coco")


def is_there(source: Source) -> bool:
    """Whether its JSON and its folder of images are."""
    return source.place.is_file() and source.images is not None and source.images.is_dir()


def load(
    source: Source, *, class_names: Sequence[str] = (), name: str = "", images: bool = True
) -> Dataset:
    """See `load_coco`; the default name is that of the file. The images must be there always.

    Raises: ValueError if `class_names` are given and the file has objects of others.
    """
    own = name or _name(source.place) + (f"_{source.listing.stem}" if source.listing else "")
    data = load_coco(source.place, source.images, name=own, listing=source.listing)
    return labelled_by(data, class_names) if class_names else data


def _name(file: Path) -> str:
    """Of the file; where all files are called alike, as Roboflow's, of their two folders."""
    return file.stem if file.name != _ROBOFLOW else "_".join(file.resolve().parent.parts[-2:])


def list_name(source: Source, record: ImageRecord) -> str:
    """The `file_name`."""
    return record.path.relative_to(source.images or Path()).as_posix()


def details(source: Source, data: Dataset) -> dict[Path, list[Details]]:
    """The whole entry of each object."""
    content = read_content(source.place, None, Faults(str(source.place))).content
    by_image: dict[ImageId, list[Details]] = {}
    for entry in content.get("annotations", ()):
        by_image.setdefault(entry["image_id"], []).append(_of_entry(entry))
    return {r.path: by_image.get(r.image_id, []) for r in data.records}


def _of_entry(entry: Mapping[str, Any]) -> Details:
    told = entry.get("attributes")
    attributes = dict(told) if isinstance(told, Mapping) else {}
    return Details(attributes, bool(entry.get("segmentation")), entry=entry)
