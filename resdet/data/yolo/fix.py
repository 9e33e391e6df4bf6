"""A corrected copy of YOLO data; the original is only read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from backbones.files.atomic import write_inside
from backbones.files.plain_yaml import parse_yaml
from backbones.images.copies import LEFT_OUT, Say, check_any_left, copy_image, fresh_folder, tell
from backbones.images.depth import shift_of
from backbones.images.inspect import ImageFacts, Progress, inspect_images
from resdet.data.check_boxes import Item
from resdet.data.check_correct import (
    BAD_OBJECTS,
    SWAPPED,
    UNUSABLE,
    check_objects_left,
    correct,
)
from resdet.data.found import Found
from resdet.data.splits import ALL
from resdet.data.validate import number_of, read_text, text_lines
from resdet.data.yolo.folder import YoloFolder
from resdet.data.yolo.names import SPLIT_KEYS
from resdet.data.yolo.reader import (
    around,
    fault_of,
    open_splits,
    scaled,
)
from resdet.data.yolo.write import fractions, words_of

_OWN_KEYS = ("path", "nc", "names", *SPLIT_KEYS)  # of data.yaml, written anew


def fix_yolo(
    root: Path,
    out: Path,
    splits: Sequence[str] = (),
    *,
    class_names: Sequence[str] = (),
    full: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
    say: Say = print,
) -> None:
    """Copies the images of `splits` to `out/images`, their labels to `out/labels`, and data.yaml.

    Raises: ValueError if `out` may not be written, a split is not there or no object is left.
    """
    folder, names, listed, _ = open_splits(root, splits, class_names)
    places = _places(root, list(dict.fromkeys(p for paths in listed.values() for p in paths)))
    images = [str(image) for image in places]
    seen = inspect_images(images, full=full, workers=workers, progress=progress)
    facts = dict(zip(places, seen, strict=True))
    shift = shift_of(fact.values for fact in seen)
    copy = _Copy(folder, names)
    with fresh_folder(out, [root]) as beside:
        for image, place in places.items():
            text = copy.label(image, facts[image])
            if text is None:
                continue
            target = beside / "images" / place
            copy_image(str(image), target, facts[image], copy.done, shift)
            if folder.label_of(image).is_file():
                write_inside((beside / "labels" / place).with_suffix(".txt"), text)
            copy.copied[image] = place
        check_any_left(len(copy.copied), root)
        check_objects_left(copy.before, copy.after, root)
        _write_yaml(beside, folder, names, listed, copy.copied)
    tell(+copy.done, out, say)


def fix(found: Found, splits: Sequence[str], out: Path, **common: Any) -> Found:
    """As `fix_yolo`, of data that was found."""
    fix_yolo(found.root, out, splits, class_names=found.said, **common)
    return replace(found, root=out)


@dataclass
class _Copy:
    """What was done, the objects `before` and `after`, and where each copied image belongs."""

    folder: YoloFolder
    names: Sequence[str]
    done: Counter[str] = field(default_factory=Counter)
    before: int = 0
    after: int = 0
    copied: dict[Path, Path] = field(default_factory=dict)

    def label(self, image: Path, fact: ImageFacts) -> str | None:
        """The corrected label of an image; None where the image is no part of the copy."""
        file = self.folder.label_of(image)
        try:
            lines = text_lines(file) if file.is_file() else []
        except ValueError:
            self.done[UNUSABLE] += 1
            return None
        self.before += len(lines)
        if not fact.readable or fact.size is None:
            self.done[LEFT_OUT] += 1
            return None
        things = [words for line in lines if (words := self._sound(line.split()))]
        boxes = scaled([self._row(words) for words in things], *fact.size)
        own = [self.names[number] for number in boxes.labels.tolist()]
        item = Item(str(file), str(image), fact.size, own, boxes.boxes)
        fixed = correct(item, fact, "coco", self.done)
        kept = np.flatnonzero(fixed.keep).tolist()
        for at in kept:
            if fixed.changed[at]:
                things[at] = self._moved(things[at], fixed.boxes[at], fixed.size)
        self.after += len(kept)
        return "".join(" ".join(things[at]) + "\n" for at in kept)

    def _sound(self, words: list[str]) -> list[str]:
        """The words of a line with a width and height that are not negative; none of no object."""
        if self._is_box(words) and len(words) >= 5:
            sizes = [word.removeprefix("-") for word in words[3:5]]
            self.done[SWAPPED] += sizes != words[3:5]
            words = [*words[:3], *sizes, *words[5:]]
        values = [number_of(word) for word in words]
        if fault_of(words, values, len(self.names), self.folder.keypoints, ""):
            self.done[BAD_OBJECTS] += 1
            return []
        return words

    def _is_box(self, words: Sequence[str]) -> bool:
        return self.folder.keypoints or len(words) == 5

    def _row(self, words: Sequence[str]) -> list[float]:
        number, *values = map(number_of, words)
        return [number, *(values[:4] if self._is_box(words) else around(values))]

    def _moved(
        self, words: Sequence[str], corners: np.ndarray[Any, Any], size: tuple[int, int]
    ) -> list[str]:
        """With the new box, or with all points of the polygon inside the image."""
        if self._is_box(words):
            return [words[0], *words_of(fractions(corners, size[::-1])), *words[5:]]
        return [words[0], *words_of([min(max(number_of(word), 0), 1) for word in words[1:]])]


def _places(root: Path, images: Sequence[Path]) -> dict[Path, Path]:
    """Where each image belongs below images/: its path without folders that are called so."""
    inside = [image.relative_to(root) for image in images]
    bare = [Path(*(part for part in path.parts if part.lower() != "images")) for path in inside]
    if len({*bare}) < len(bare):
        bare = [Path(f"{number}_{path.name}") for number, path in enumerate(inside)]
    return dict(zip(images, bare, strict=True))


def _write_yaml(
    beside: Path,
    folder: YoloFolder,
    names: Sequence[str],
    listed: Mapping[str, Sequence[Path]],
    places: Mapping[Path, Path],
) -> None:
    """With a list for each split; data without splits is `train`."""
    file = folder.root / folder.told_by
    told = parse_yaml(read_text(file)) if file.suffix.lower() in (".yaml", ".yml") else {}
    content = {key: value for key, value in told.items() if key not in _OWN_KEYS}
    unsplit = "" if {"train", "trainval"} & {*listed} else "train"
    for split, images in listed.items():
        name = unsplit if split == ALL else split
        if name:
            lines = "".join(f"./images/{places[p].as_posix()}\n" for p in images if p in places)
            write_inside(beside / f"{name}.txt", lines)
            content[name] = f"{name}.txt"
    content |= {"nc": len(names), "names": dict(enumerate(names))}
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    write_inside(beside / "data.yaml", text)
