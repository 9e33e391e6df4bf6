"""What a folder holds of LabelMe's form: a JSON for each image, perhaps a list of labels.

Source: labelme 6.3's `_label_file.py`; its examples, whose labels.txt lies beside the folder of
the JSON files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from backbones.files.json_file import read_json
from backbones.images.folders import SUFFIXES, files_below
from resdet.data.annotated import Annotated, Annotations, Thing, in_splits, split_of
from resdet.data.foreign_names import Pictures
from resdet.data.labelme.shapes import thing_of
from resdet.data.splits import MADE
from resdet.data.validate import Ways, apart, size_in_pixels, text_lines

_ENDS = 1 << 16  # bytes at both ends of a file: between them may be the image itself
_MARK = re.compile(rb'"(shapes|imagePath)"\s*:')
_LISTS = ("labels.txt", "classes.txt")
_NO_CLASSES = ("__ignore__", "_background_")
_WAYS = Ways("write the image's name into imagePath", "put both into one folder")
IGNORED = "labelled __ignore__"


def is_labelme(content: object) -> bool:
    """Whether it is the value of such a JSON."""
    return isinstance(content, dict) and {"shapes", "imagePath"} <= content.keys()


def json_files(root: Path) -> list[str]:
    """The JSON files below `root`, relative to it, whose ends look as LabelMe's."""
    names = (name for name in files_below(root, (".json",)) if not name.startswith(f"{MADE}/"))
    return [name for name in names if _looks_so(root / name)]


def open_labelme(root: Path) -> Annotations | None:
    """None where no JSON of LabelMe is of an image in `root`."""
    files, broken = _read(root)
    if not files:
        return None
    names = list(files)
    wanted = [str(files[name].get("imagePath") or "") for name in names]
    near = [[root / name / ".."] for name in names]
    pictures = Pictures(root)
    paths = pictures.of_each(wanted, near)
    taken = {path for path in paths if path}
    by_stem = pictures.of_each([name.removesuffix(Path(name).suffix) for name in names], near)
    paths = [
        own or (alike if alike not in taken else None)
        for own, alike in zip(paths, by_stem, strict=True)
    ]
    if not any(paths):
        return None
    images, alone, faults = [], [], list(broken)
    areas: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    first: dict[Path, str] = {}
    for name, path in zip(names, paths, strict=True):
        if path is None:
            alone.append(root / name)
        elif path in first:
            faults.append(
                f"{path} must be annotated once, got {first[path]} and {name}; "
                "correct imagePath in one, or move it out"
            )
        else:
            first[path] = name
            things = list(_things(name, files[name]["shapes"], areas, passed, faults))
            one = Annotated(name, path, _size(files[name]), things)
            images.append((split_of(path.relative_to(root).parts[:-1]), one))
    listed, classes = _classes(root, names)
    told = {thing.name for _, one in images for thing in one.things}
    folders = sorted({str(Path(name).parent / "*.json") for name in names})
    return Annotations(
        root,
        "labelme",
        ", ".join(folders[:3]) + ", ..." * (len(folders) > 3),
        classes or tuple(sorted(told)),
        listed,
        in_splits(images),
        tuple(faults),
        areas,
        passed,
        tuple(alone),
        tuple(root / name for name in pictures.names if root / name not in first),
    )


def nearly(root: Path) -> str:
    """JSON and images of which no names match."""
    files = [root / name for name in json_files(root)]
    images = [root / name for name in files_below(root, SUFFIXES)] if files else []
    told = apart("JSON of LabelMe", files, images, root, _WAYS)
    inside = bool(files) and not images and _holds_its_image(files[0])
    return f"{told}, or write out those that are in them (imageData, in base64)" if inside else told


def _holds_its_image(file: Path) -> bool:
    try:
        content = read_json(file, finite=False)
    except (OSError, ValueError):
        return False
    return is_labelme(content) and bool(content.get("imageData"))


def _looks_so(file: Path) -> bool:
    try:
        with open(file, "rb") as content:
            head = content.read(_ENDS)
            content.seek(max(file.stat().st_size - _ENDS, 0))
            return bool(_MARK.search(head) or _MARK.search(content.read()))
    except OSError:
        return False


def _read(root: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """({name: its value without the image in it}, a fault for each that is broken)."""
    found, faults = {}, []
    for name in json_files(root):
        try:
            content = read_json(root / name, finite=False)
        except (OSError, ValueError) as fault:
            faults.append(f"{fault}; save it from LabelMe again")
            continue
        if is_labelme(content):
            content.pop("imageData", None)
            if isinstance(content["shapes"], list):
                found[name] = content
            else:
                faults.append(f"{root / name}: shapes must be a list; save it from LabelMe again")
    return found, faults


def _things(
    name: str,
    shapes: Sequence[Any],
    areas: Counter[str],
    passed: Counter[str],
    faults: list[str],
) -> Iterator[Thing]:
    for number, shape in enumerate(shapes, start=1):
        kind = str(shape.get("shape_type") or "polygon") if isinstance(shape, dict) else ""
        try:
            if not kind:
                raise ValueError(f"shape must be an object, got {shape!r:.80}")
            thing = thing_of(shape)
        except ValueError as fault:
            faults.append(f"{name}, shape {number}: {fault}; repair or remove it")
            continue
        if thing is None:
            passed[kind] += 1
        elif thing.name in _NO_CLASSES:
            passed[IGNORED] += 1
        else:
            areas.update([kind] if thing.shape else [])
            yield thing


def _size(content: Mapping[str, Any]) -> tuple[int, int] | None:
    """(height, width); None where it is not told."""
    height, width = content.get("imageHeight"), content.get("imageWidth")
    if not (isinstance(height, int | float) and isinstance(width, int | float)):
        return None
    return size_in_pixels(height, width)


def _classes(root: Path, names: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """(the name of the list, its classes): labels.txt in `root` or beside the JSON files."""
    folders = dict.fromkeys([root, *((root / name).parent for name in names)])
    files = [file for folder in folders for name in _LISTS if (file := folder / name).is_file()]
    if not files:
        return "", ()
    listed = [line for line in text_lines(files[0]) if line not in _NO_CLASSES]
    return str(files[0].relative_to(root)), tuple(listed)
