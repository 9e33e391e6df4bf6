"""What a folder holds of CVAT's form: its XML files, the images that they list, the classes.

Source: CVAT's exports "CVAT for images 1.1" of tasks, jobs and projects; datumaro's writer.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from backbones.files.plain_xml import parse_xml
from backbones.images.folders import SUFFIXES, files_below
from backbones.terminal.wording import count
from resdet.data.annotated import Annotated, Annotations, Thing, in_splits, split_of
from resdet.data.cvat.shapes import thing_of
from resdet.data.foreign_names import Pictures
from resdet.data.splits import split_name, subfolders
from resdet.data.validate import number_of, size_in_pixels

_HEAD = 4096  # bytes of a file, in which its first element stands
_LOOKED_AT = 50  # XML files of a folder: one of VOC's holds thousands, of CVAT's a few
_NO_OBJECTS = {"tag", "attribute"}
_WITHOUT_BOX = {"tag", "points", "polyline"}  # types of labels, of which nothing else can be


@dataclass
class _Dump:
    """One XML file: its images as (name, subset, annotated), without paths."""

    file: Path
    class_names: list[str]
    images: list[tuple[str, str, Annotated]]
    faults: list[str] = field(default_factory=list)
    areas: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)


def is_dump(content: bytes) -> bool:
    """Whether the head of a file is that of CVAT's XML, for images or for video."""
    return b"<annotations" in content[:_HEAD]


def of_images(tree: ET.Element) -> bool:
    """Whether it is CVAT's for images: a track goes through frames of a video."""
    return tree.tag == "annotations" and tree.find("image") is not None


def dump_files(root: Path) -> list[Path]:
    """The XML files in `root` and the folders in it that begin as CVAT's do."""
    return [file for folder in (root, *subfolders(root)) for file in _dumps_in(folder)]


def open_cvat(root: Path) -> Annotations | None:
    """None where there is no XML of CVAT for images, or none of its images is in `root`.

    Raises: ValueError if a file is cut short.
    """
    dumps = [dump for file in dump_files(root) if (dump := _read(file)) is not None]
    if not dumps:
        return None
    pictures = Pictures(root)
    listed = [(dump, *image) for dump in dumps for image in dump.images]
    near = [_near(dump.file.parent, subset) for dump, _, subset, _ in listed]
    paths = pictures.of_each([name for _, name, _, _ in listed], near)
    if not any(paths):
        return None
    images, alone, faults = [], [], [fault for dump in dumps for fault in dump.faults]
    first: dict[Path, str] = {}
    for (dump, name, subset, one), path in zip(listed, paths, strict=True):
        if path is None:
            alone.append(Path(name))
        elif path in first:
            faults.append(
                f"{path} must be annotated once, got {first[path]} and {one.place}; "
                "move one of the files out"
            )
        else:
            first[path] = one.place
            found = Annotated(one.place, path, one.size, one.things)
            images.append((_split(root, dump.file, subset, path), found))
    names = list(dict.fromkeys(name for dump in dumps for name in dump.class_names))
    told = {thing.name for _, one in images for thing in one.things}
    return Annotations(
        root,
        "cvat",
        ", ".join(str(dump.file.relative_to(root)) for dump in dumps),
        tuple(names) or tuple(sorted(told)),
        f"the labels of {dumps[0].file.name}" if names else "",
        in_splits(images),
        tuple(faults),
        sum((dump.areas for dump in dumps), Counter()),
        sum((dump.passed for dump in dumps), Counter()),
        tuple(alone),
        tuple(root / name for name in pictures.names if root / name not in first),
    )


def nearly(root: Path) -> str:
    """XML without its images."""
    files = [file for file in dump_files(root) if b"<image" in file.read_bytes()]
    if not files:
        return ""
    images = count(sum(1 for _ in files_below(root, SUFFIXES)), "image")
    return (
        f"{files[0].relative_to(root)} of CVAT, and {images}, none of its names; put its images "
        'into images/ beside it, or export once more with "Save images"'
    )


def _dumps_in(folder: Path) -> Iterator[Path]:
    files = (f for f in folder.iterdir() if f.suffix.lower() == ".xml" and f.name[0] != ".")
    for file in sorted(islice(files, _LOOKED_AT)):
        try:
            with open(file, "rb") as lines:
                if is_dump(lines.read(_HEAD)):
                    yield file
        except OSError:
            continue


def _near(folder: Path, subset: str) -> list[Path]:
    return [folder / "images" / subset, folder / "images", folder]


def _split(root: Path, file: Path, subset: str, image: Path) -> str:
    if subset and subset != "default":
        return split_name(subset)
    inside = file.relative_to(root)
    return split_of([inside.stem, *inside.parts[:-1], *image.relative_to(root).parts[:-1]])


def _read(file: Path) -> _Dump | None:
    """None of XML that is no CVAT for images. Raises: ValueError if it cannot be read."""
    try:
        tree = parse_xml(file.read_bytes())
    except (ValueError, OSError) as error:
        raise ValueError(
            f"{file} must be plain XML, got {error}; export it from CVAT again"
        ) from None
    if not of_images(tree):
        return None
    dump = _Dump(file, _labels(tree), [])
    for image in tree.findall("image"):
        name = image.get("name") or ""
        place = f"{file.name}, image {name}"
        size = _size(image)
        if size is None and (image.get("width") or image.get("height")):
            dump.faults.append(
                f"{place}: width and height must be numbers of pixels, got "
                f"{image.get('width')!r:.40} and {image.get('height')!r:.40}; repair them"
            )
        things = list(_things(image, place, dump))
        dump.images.append((name, image.get("subset") or "", Annotated(place, file, size, things)))
    return dump


def _labels(tree: ET.Element) -> list[str]:
    """In their order; tags of images and parts of a skeleton, which have a parent, are none."""
    labels = (label for label in tree.iterfind("meta/*/labels/label"))
    whole = (label for label in labels if not (label.findtext("parent") or "").strip())
    whole = (label for label in whole if label.findtext("type") not in _WITHOUT_BOX)
    return [name for label in whole if (name := (label.findtext("name") or "").strip())]


def _size(image: ET.Element) -> tuple[int, int] | None:
    return size_in_pixels(number_of(image.get("height")), number_of(image.get("width")))


def _things(image: ET.Element, place: str, dump: _Dump) -> Iterator[Thing]:
    for number, shape in enumerate(_shapes(image), start=1):
        try:
            thing = thing_of(shape)
        except ValueError as fault:
            dump.faults.append(f"{place}, shape {number}: {fault}; repair or remove it")
            continue
        if thing is None:
            dump.passed[shape.tag] += 1
            continue
        if thing.shape:
            dump.areas[shape.tag] += 1
        yield thing


def _shapes(image: ET.Element) -> Sequence[ET.Element]:
    """Without tags, which are of the whole image, and what a track has left."""
    return [s for s in image if s.tag not in _NO_OBJECTS and s.get("outside") != "1"]
