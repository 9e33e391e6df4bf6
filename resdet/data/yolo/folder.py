"""Where a YOLO data set keeps names, images and labels: data.yaml, obj.data, or classes.txt.

Source: ultralytics' dataset guide and its `check_det_dataset`; CVAT's "YOLO 1.1" and "Ultralytics
YOLO" formats; Roboflow's exports; LabelImg's classes.txt beside the labels.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from backbones.images.folders import SUFFIXES, files_below, files_in
from resdet.data.found import in_no_split
from resdet.data.splits import ALL, MADE, SPLITS, not_used, own_lists, split_name, subfolders
from resdet.data.validate import number_of, text_lines
from resdet.data.yolo.names import SPLIT_KEYS, names_in, names_of, read_content, yaml_of
from resdet.data.yolo.places import candidates, existing, from_list

_IMAGES = re.compile(rf"(.*{re.escape(os.sep)})(images)({re.escape(os.sep)}.*)", re.I | re.S)
_LABELS = {"Images": "Labels", "IMAGES": "LABELS"}
_NAME_THEM = f"name them in a data.yaml, and delete {MADE} if it is there"
# what is written because the key must be there
_DOUBLES = (("val", "trainval"), ("val", "train"), ("train", "trainval"), ("train", "test"))
MOST = 2.0  # of a fraction: a box may leave its image; what is more is pixels
_APART = 2  # folders in which such labels lie; deeper ones are of what was detected
_LOOKED_AT = 200  # images without a label, after which a folder is taken to have none


@dataclass(frozen=True)
class YoloFolder:
    """One YOLO data set: the images of each split, absolute; `told_by` is the file that says so.

    `keypoints`: a line goes on after its box. No `class_names`: no file tells them. `remarks`:
    what was passed over. `labels`: of images whose label file no rule leads to.
    """

    root: Path
    told_by: str
    class_names: tuple[str, ...]
    splits: dict[str, tuple[Path, ...]]
    keypoints: bool = False
    remarks: tuple[str, ...] = ()
    labels: Mapping[Path, Path] = field(default_factory=dict)

    def label_of(self, image: Path) -> Path:
        """Where its labels are, or would be."""
        return self.labels.get(image) or label_file(image)


def open_yolo(root: Path) -> YoloFolder | None:
    """What the files of `root` tell, and the lists that we made; None where it is no YOLO data.

    Raises: ValueError for a file that is none of its form, or leads to no image in `root`.
    """
    found = _by_yaml(root) or _by_darknet(root) or _by_looking(root)
    if found is None:
        return None
    made = {file.stem: from_list(file, root, root) for file in files_in(root / MADE, (".txt",))}
    return replace(found, splits={**found.splits, **made})


def label_file(image: Path) -> Path:
    """Of .../images/a.jpg .../labels/a.txt where that is there, else the file beside the image.

    Images/, Labels/ and A.TXT are names as well.
    """
    beside = image.with_suffix(".txt")
    found = [beside]
    if match := _IMAGES.fullmatch(str(image)):
        before, folder, after = match.groups()
        names = dict.fromkeys((_LABELS.get(folder, "labels"), "labels"))
        apart = [Path(f"{before}{name}{after}").with_suffix(".txt") for name in names]
        found = [*apart, beside]
    capitals = (file.with_suffix(".TXT") for file in found)
    return next((file for file in (*found, *capitals) if file.is_file()), found[0])


def labels_alone(folder: YoloFolder) -> list[Path]:
    """The labels beside those of images that are of none."""
    taken = {folder.label_of(image) for images in folder.splits.values() for image in images}
    places = sorted({label.parent for label in taken})
    beside = (file for place in places for file in files_in(place, (".txt",)))
    return [file for file in beside if file not in taken and is_label(file)]


def _by_yaml(root: Path) -> YoloFolder | None:
    file = yaml_of(root)
    if file is None:
        return None
    content = read_content(file)
    path = content.get("path")
    base = _folder(root, path if isinstance(path, str) else "")
    told = {key: content.get(key) for key in SPLIT_KEYS}
    listed = {key: value if isinstance(value, list) else [value] for key, value in told.items()}
    entries = {
        key: [e for e in values if isinstance(e, str) and e] for key, values in listed.items()
    }
    doubles = {key: other for key, other in _DOUBLES if entries[key] == entries[other] != []}
    splits, remarks = _splits(file, {k: v for k, v in entries.items() if k not in doubles}, base)
    remarks += tuple(
        f"{key} of {file.name} names the images of {other}: no split of its own"
        for key, other in doubles.items()
    )
    names = names_of(file, content)
    return YoloFolder(root, file.name, names, splits, "kpt_shape" in content, remarks)


def _by_darknet(root: Path) -> YoloFolder | None:
    """CVAT's and darknet's obj.data: `train = data/train.txt`, `names = data/obj.names`.

    Raises: ValueError where its file of names is not there, or its `classes` is another number.
    """
    file = root / "obj.data"
    if not file.is_file():
        return None
    content = {
        key.strip(): value.strip()
        for key, mark, value in (line.partition("=") for line in text_lines(file))
        if mark
    }
    said = content.get("names", "")
    named = existing(said or "obj.names", (root,), root)
    if said and named is None:
        raise ValueError(
            f"{file}: names must be a file in {root}, got {said!r}; put it there, a class a line"
        )
    names = text_lines(named) if named else None
    count = {"nc": content["classes"]} if content.get("classes") else {}
    classes = names_of(file, {"names": names, **count}) if names or count else ()
    entries = {key: [content[key]] for key in SPLIT_KEYS if content.get(key)}
    splits, remarks = _splits(file, entries, root)
    return YoloFolder(root, file.name, classes, splits, remarks=remarks)


def _splits(
    file: Path, entries: Mapping[str, Sequence[str]], base: Path
) -> tuple[dict[str, tuple[Path, ...]], tuple[str, ...]]:
    """(the images of what a file names for each split, what was passed over)."""
    root = file.parent
    splits: dict[str, tuple[Path, ...]] = {}
    remarks: tuple[str, ...] = ()
    for key, named in entries.items():
        places = [existing(entry, (base, root), root) for entry in named]
        if key == "test" and named and places == [None]:
            remarks = (f"passed over: test of {file.name}, {named[0]}, which is not there",)
        elif named:
            paths = [image for entry in named for image in _images(file, key, entry, base)]
            splits[split_name(key)] = tuple(dict.fromkeys(paths))
    return splits, remarks


def _folder(root: Path, path: str) -> Path:
    """What `path:` names, in the data or around it; a moved data set still says the old one."""
    folder = Path(os.path.normpath(root / path))
    return folder if folder.is_dir() else root


def _images(file: Path, key: str, entry: str, base: Path) -> list[Path]:
    """The images of a folder, of a list, or one image, whatever a split names.

    Roboflow writes ../train/images for what lies in train/images, as it is for ultralytics.
    """
    root = file.parent
    place = existing(entry, (base, root), root)
    if place is None:
        tried = ", ".join(dict.fromkeys(str(path) for path in candidates(entry, (base, root))))
        raise ValueError(
            f"{file}: {key} must name a folder or a list of images in {root}, got {entry!r}; "
            f"looked for {tried}; put the images there, or take the line out"
        )
    if place.is_dir():
        return [place / name for name in files_below(place, SUFFIXES)]
    return list(from_list(place, base, root)) if place.suffix == ".txt" else [place]


def _by_looking(root: Path) -> YoloFolder | None:
    """Images with labels in folders of any names; the splits are those that folders are named for.

    A folder inside that tells its own data is another data set.

    Raises: ValueError as `names_in`.
    """
    names = files_below(root, SUFFIXES) if root.is_dir() else iter(())
    first = list(islice(names, _LOOKED_AT))
    labels: dict[Path, Path] = {}
    if not any(is_label(label_file(root / name)) for name in first):
        first = [*first, *names]
        labels = _labels_apart(root, first)
        if not labels:
            return None
    folders = [root, *subfolders(root), *(f for up in subfolders(root) for f in subfolders(up))]
    if any((folder / "obj.data").is_file() or yaml_of(folder) for folder in folders):
        return None
    named, classes = names_in(folders)
    images = [root / name for name in (*first, *names)]
    splits: dict[str, list[Path]] = {}
    for image in images:
        splits.setdefault(_split_of(image.relative_to(root).parts[:-1]), []).append(image)
    if len(splits) == 2 and any(
        image in labels or label_file(image).is_file() for image in splits.get(ALL, ())
    ):
        splits = {ALL: images}  # one folder is called as a split is, by chance
    told_by = str(named.relative_to(root)) if named else "labels beside images"
    if labels and not named:
        told_by = f"labels in {next(iter(labels.values())).parent.relative_to(root)}"
    lists, inner = own_lists(root), {name: tuple(paths) for name, paths in splits.items()}
    listed = _as_listed(lists, root, images) if {*inner} == {ALL} else {}
    if not listed:
        remarks = tuple(not_used(lists, _NAME_THEM))
        return YoloFolder(root, told_by, classes, inner, remarks=remarks, labels=labels)
    remarks = (f"splits by your {', '.join(file.name for file in lists)}",)
    if left := len(images) - sum(map(len, listed.values())):
        remarks += (in_no_split(left, None),)
    return YoloFolder(root, told_by, classes, listed, remarks=remarks, labels=labels)


def _labels_apart(root: Path, images: Sequence[str]) -> dict[Path, Path]:
    """Of each image the labels of its name in another folder, as LabelImg saves them on request.

    None at all where a name is there twice. Names are compared below the first folder, else bare.
    """
    texts = [name for name in files_below(root, (".txt",)) if name.count("/") <= _APART]
    for key in (_below_first, _stem) if texts else ():
        of_image, of_text = Counter(map(key, images)), Counter(map(key, texts))
        both = of_image.keys() & of_text.keys()
        if any(of_image[name] > 1 or of_text[name] > 1 for name in both):
            continue
        text_of = {key(name): root / name for name in texts}
        found = {root / name: text_of[k] for name in images if (k := key(name)) in both}
        if any(map(is_label, islice(found.values(), _LOOKED_AT))):
            return found
    return {}


def _below_first(name: str) -> str:
    return os.path.splitext(name.partition("/")[2] or name)[0]


def _stem(name: str) -> str:
    return os.path.splitext(os.path.basename(name))[0]


def _as_listed(
    lists: Sequence[Path], root: Path, images: Sequence[Path]
) -> dict[str, tuple[Path, ...]]:
    """The splits of train.txt and others, where each line names an image, and none twice.

    Lists that we made go before.
    """
    known = {os.path.normpath(image): image for image in images}
    try:
        found = {split_name(file.stem): from_list(file, root, root) for file in lists}
        splits = {split: tuple(known[str(path)] for path in found[split]) for split in found}
    except (ValueError, KeyError):
        return {}
    named = [image for paths in splits.values() for image in paths]
    sound = "train" in splits and len(splits) > 1 and len({*named}) == len(named)
    return splits if sound and not (root / MADE).is_dir() else {}


def _split_of(folders: Sequence[str]) -> str:
    names = [split_name(name) for name in folders]
    return next((name for name in names if name in SPLITS), ALL)


def is_label(file: Path) -> bool:
    """Whether the first line is a class and at least four numbers that may be fractions."""
    try:
        with open(file, encoding="utf-8-sig") as lines:
            numbers = [number_of(word) for word in lines.readline(4096).split()]
    except (OSError, ValueError):
        return False
    return len(numbers) >= 5 and numbers[0] >= 0 and all(abs(n) <= MOST for n in numbers[1:])
