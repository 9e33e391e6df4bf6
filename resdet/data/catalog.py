"""Datasets by name: detectron2's names and folders, torchvision's VOCdevkit, and anyone's own."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from backbones.plugins import HINT
from backbones.terminal.wording import nearest_first
from resdet.data.registry import FORMATS, OWN_FORMATS, form_of
from resdet.data.source import Source, readings
from resdet.structures.corners import AUTO
from resdet.structures.records import Dataset

# name -> (year, split)
VOC_NAMES = {
    f"voc_{year}_{split}": (year, split)
    for year in (2007, 2012)
    for split in ("trainval", "train", "val", "test")
}
VOC_LAYOUTS = ("VOC{year}", "VOCdevkit/VOC{year}")

# name -> (task, split)
IMAGENET_NAMES = {
    **{f"imagenet_det_{s}": ("DET", s) for s in ("train", "val", "val1", "val2", "test")},
    **{f"imagenet_loc_{s}": ("CLS-LOC", s) for s in ("train", "val", "test")},
}
IMAGENET_LAYOUTS = ("ILSVRC", "ILSVRC2015", "ILSVRC2017", ".")  # what holds Annotations/<task>

# name -> (JSON, image folder), each below one of COCO_LAYOUTS
COCO_NAMES = {
    "coco_2017_train": ("instances_train2017.json", "train2017"),
    "coco_2017_val": ("instances_val2017.json", "val2017"),
    "coco_2017_test": ("image_info_test2017.json", "test2017"),
    "coco_2017_test-dev": ("image_info_test-dev2017.json", "test2017"),
    "coco_2017_val_100": ("instances_val2017_100.json", "val2017"),
    "coco_2014_train": ("instances_train2014.json", "train2014"),
    "coco_2014_val": ("instances_val2014.json", "val2014"),
    "coco_2014_minival": ("instances_minival2014.json", "val2014"),
    "coco_2014_valminusminival": ("instances_valminusminival2014.json", "val2014"),
}
COCO_LAYOUTS = (  # folder of the JSON, parent of the image folder
    ("coco/annotations", "coco"),
    ("coco/annotations", "coco/images"),
    ("annotations", "."),
    ("annotations", "images"),
)


def dataset_root(root: Path | str | None = None) -> Path:
    """The folder that names are relative to: the argument, $DETECTRON2_DATASETS or ./datasets."""
    return Path(root or os.environ.get("DETECTRON2_DATASETS") or "datasets").expanduser()


def names_below(root: Path | str | None = None) -> list[str]:
    """The known names whose files lie below the root; no annotation is read."""
    base = dataset_root(root)
    found = []
    for name, (year, split) in VOC_NAMES.items():
        with contextlib.suppress(ValueError):
            lists = _voc_folder(name, base, year) / "ImageSets" / "Main"
            found += [name] if (lists / f"{split}.txt").is_file() else []
    for name, (task, _) in IMAGENET_NAMES.items():
        with contextlib.suppress(ValueError):
            _imagenet_folder(name, base, task)
            found.append(name)
    for name in COCO_NAMES:
        with contextlib.suppress(ValueError):
            _coco_paths(name, base)
            found.append(name)
    return found


def load_dataset(
    name: str,
    root: Path | str | None = None,
    *,
    class_names: Sequence[str] = (),
    images: bool = True,
    corners: str = AUTO,
) -> Dataset:
    r"""A dataset by name: `voc_2007_trainval`, `coco_2017_val`, `voc:<folder>:<split>`,
    `coco:<json>:<image folder>`, or as `voc:` those of our other forms, relative to the root or
    absolute.

    A <split> that ends with .txt is itself a list of images, relative to the root or absolute, as
    is a third part of coco's. A colon in a path may be written `\:`. Without `images`, the pictures
    of VOC's form are not looked for; `corners`: how those of VOC's form are counted.

    Raises: ValueError if the name is unknown, no layout of it exists, or its data is faulty.
    """
    base = dataset_root(root)
    kind, colon, rest = name.partition(":")
    read = FORMATS.get(kind) if colon else None
    if read is not None:
        return _checked(read(rest, base, class_names), kind)
    source, own_name = source_of(name, base), ""
    if source is None and name in VOC_NAMES:
        year, split = VOC_NAMES[name]
        source, own_name = Source("voc", _voc_folder(name, base, year), split), name
    if source is None and name in IMAGENET_NAMES:
        task, split = IMAGENET_NAMES[name]
        source, own_name = Source("voc", _imagenet_folder(name, base, task), split), name
    if source is None and name in COCO_NAMES:
        file, folder = _coco_paths(name, base)
        source, own_name = Source("coco", file, images=folder), name
    if source is not None:
        load = form_of(source.kind).load
        source = replace(source, corners=corners)
        return load(source, class_names=class_names, name=own_name, images=images)
    known = ", ".join(nearest_first(name, [*VOC_NAMES, *IMAGENET_NAMES, *COCO_NAMES]))
    known += "".join(f", {other}:<...>" for other in FORMATS.names())
    hint = HINT if colon and kind not in OWN_FORMATS else ""
    raise ValueError(
        f"dataset must be one of {known}, voc:<folder>:<split>, so yolo:, cvat: and labelme:, "
        f"coco:<json>:<image folder>, got {name!r}; the folders are relative to {base}{hint}"
    )


def source_of(name: str, base: Path) -> Source | None:
    """What a name of one of our forms means: the first way to read it whose files are there.

    None where it can be read in no way; the plain way where no files are there.
    """
    kind, _, words = name.partition(":")
    if kind not in OWN_FORMATS:
        return None
    form = form_of(kind)
    meant = [source.below(base) for way in readings(words) if (source := form.parse(way))]
    return next(filter(form.is_there, meant), meant[0] if meant else None)


def _voc_folder(name: str, base: Path, year: int) -> Path:
    candidates = [base / layout.format(year=year) for layout in VOC_LAYOUTS]
    if base.resolve().name == f"VOC{year}":
        candidates.insert(0, base)
    for folder in candidates:
        if (folder / "ImageSets" / "Main").is_dir():
            return folder
    raise _absent(name, base, candidates)


def _imagenet_folder(name: str, base: Path, task: str) -> Path:
    candidates = [base / layout / "Annotations" / task for layout in IMAGENET_LAYOUTS]
    for folder in candidates:
        if folder.is_dir():
            return folder
    raise _absent(name, base, candidates)


def _coco_paths(name: str, base: Path) -> tuple[Path, Path]:
    file, folder = COCO_NAMES[name]
    candidates = [(base / a / file, base / i / folder) for a, i in COCO_LAYOUTS]
    for instances, images in candidates:
        if instances.is_file() and images.is_dir():
            return instances, images
    tried = [f"{instances} with {images}" for instances, images in candidates]
    raise _absent(name, base, tried)


def _absent(name: str, base: Path, tried: Sequence[Path | str]) -> ValueError:
    paths = "".join(f"\n  {path}" for path in tried)
    return ValueError(
        f"{name} must lie below {base.absolute()}, got none of{paths}\n"
        "put it there, or set DETECTRON2_DATASETS or the data root to the folder that holds it"
    )


def _checked(dataset: Dataset, kind: str) -> Dataset:
    """What the reader of another gives, held to what all that follows goes by.

    Raises: ValueError naming the format and the fault.
    """
    if not isinstance(dataset, Dataset) or dataset.kind not in ("voc", "coco"):
        got = getattr(dataset, "kind", type(dataset).__name__)
        raise ValueError(
            f"the reader of {kind}: must give a Dataset of kind voc or coco, got {got!r}"
        )
    times = Counter(record.image_id for record in dataset.records)
    twice = [image_id for image_id, count in times.items() if count > 1]
    if twice:
        raise ValueError(
            f"image ids of {dataset.name} must differ, got {twice[0]!r} of {times[twice[0]]} "
            f"images; the reader of {kind}: makes them"
        )
    unknown = [record.path for record in dataset.records if record.ground_truth is None]
    if 0 < len(unknown) < len(dataset):
        raise ValueError(
            f"objects of {dataset.name} must be known of all its images or of none, got "
            f"{len(unknown)} without, such as {unknown[0]}; an image without objects has empty ones"
        )
    return dataset
