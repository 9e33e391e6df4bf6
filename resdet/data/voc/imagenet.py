"""ImageNet's trees of DET and CLS-LOC: VOC's annotations, with lists and classes of their own.

Source: readme.txt of the ILSVRC2015 devkit, sections 2.1, 2.2 and 3.2; what came later, and
Kaggle's archive, lies the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from backbones.images.folders import files_in
from resdet.data.validate import text_lines
from resdet.structures.records import Dataset, ImageId, JudgedBy

DET, LOC = "DET", "CLS-LOC"
_TASKS = (DET, LOC)
_OF_A_CLASS = re.compile(r"train_\d+")
_MAPS = {DET: ("map_det.txt",), LOC: ("map_clsloc.txt", "LOC_synset_mapping.txt")}
_LEFT_OUT = {DET: "det_validation_blacklist.txt", LOC: "clsloc_validation_blacklist.txt"}


@dataclass(frozen=True)
class Tree:
    """One task of a folder that holds Annotations/<task>, Data/<task> and ImageSets/<task>.

    Images are called by their split and what the lists have: `val/ILSVRC2012_val_00000001`.
    """

    root: Path
    task: str

    @property
    def images(self) -> Path:
        """The folder of the splits' images."""
        return self.root / "Data" / self.task

    @property
    def annotations(self) -> Path:
        """The folder of the splits' annotations."""
        return self.root / "Annotations" / self.task

    @property
    def lists(self) -> Path:
        """The folder of the lists."""
        return self.root / "ImageSets" / self.task

    def of_splits(self, lists: Mapping[str, Path]) -> dict[str, Path]:
        """The lists that are of a split: not those of a class, nor of images without boxes."""
        if self.task == DET:
            return {name: file for name, file in lists.items() if not _OF_A_CLASS.fullmatch(name)}
        calls = {"train_loc": "train", "train_cls": ""}
        return {own: f for name, f in lists.items() if (own := calls.get(name, name))}

    @cached_property
    def to_train(self) -> frozenset[str] | None:
        """The images of DET's `train` in which all of some class is annotated; None: all are.

        Source: section 2.2.1: 1 for such an image, 0 where only a part is, -1 where there is none.
        """
        files = [file for file in files_in(self.lists, (".txt",)) if _OF_A_CLASS.match(file.stem)]
        if self.task != DET or not files:
            return None
        lines = (line.rpartition(" ") for file in files for line in text_lines(file))
        return frozenset(f"train/{name.strip()}" for name, _, flag in lines if flag == "1")

    def backgrounds(self, absent: Sequence[str]) -> list[str]:
        """Images without an annotation that show no object; section 2.2.1 knows such of `train`."""
        return [stem for stem in absent if self.task == DET and stem.startswith("train/")]

    def class_names(self) -> tuple[str, ...]:
        """The WordNet ids, in the order of the devkit's numbers or of Kaggle's list; () of none."""
        file = self._devkits(*_MAPS[self.task])
        return tuple(line.split()[0] for line in text_lines(file)) if file else ()

    def judged(self, dataset: Dataset) -> Dataset:
        """A split with the rules of its task, and what its blacklist leaves out.

        Raises: ValueError for a blacklist that cannot be read.
        """
        by: JudgedBy = "imagenet" if self.task == DET else "localisation"
        names = {name: label for label, name in enumerate(dataset.class_names)}
        ids = {str(record.image_id): record for record in dataset.records}
        found: list[tuple[ImageId, int]] = []
        for image_id, name in self._blacklist(names):
            truth = ids[image_id].ground_truth if image_id in ids else None
            if truth is not None:
                labels = [names[name]] if name else truth.labels.tolist()
                found += [(image_id, label) for label in labels]
        return replace(dataset, judged_by=by, left_out=frozenset(found))

    def _blacklist(self, names: Mapping[str, int]) -> Iterator[tuple[str, str]]:
        """(image, class) of DET, (image, "") of CLS-LOC.

        Source: sections 2.2.2 and 3.2.2. Numbers are those of val.txt.
        """
        file = self._devkits(*_blacklists(self.task))
        if file is None:
            return
        listing = self.lists / "val.txt"
        if not listing.is_file():
            raise ValueError(
                f"{listing} must be a file, got none, and {file} names images by their numbers in "
                "it; add it, or remove the blacklist"
            )
        numbered = [line.split() for line in text_lines(listing)]
        stems = {words[-1]: f"val/{words[0]}" for words in numbered}
        for line in text_lines(file):
            number, *classes = line.split()
            name = classes[0] if classes else ""
            if number not in stems or (self.task == DET and name not in names):
                wanted = "`number class`" if self.task == DET else "a number"
                raise ValueError(
                    f"{file} must have lines of {wanted}, each known in {listing} and among the "
                    f"classes, got {line!r}; take the devkit of the data"
                )
            yield stems[number], name

    def _devkits(self, *names: str) -> Path | None:
        """The first of some files that is in the devkit, wherever it was unpacked."""
        for base in (self.root, self.root.parent):
            devkits = [base / "devkit", *sorted(base.glob("ILSVRC20??_devkit"))]
            for folder in (*(devkit / "data" for devkit in devkits), base):
                for name in names:
                    if (folder / name).is_file():
                        return folder / name
        return None


def _blacklists(task: str) -> list[str]:
    return [f"ILSVRC{year}_{_LEFT_OUT[task]}" for year in range(2017, 2012, -1)]


def tree_of(root: Path) -> Tree | None:
    """ImageNet's tree in `root`, or the one whose annotations `root` is.

    Raises: ValueError where it holds both tasks.
    """
    if root.parent.name == "Annotations" and root.name in _TASKS:
        return Tree(root.parent.parent, root.name)
    found = [task for task in _TASKS if (root / "Annotations" / task).is_dir()]
    found = found or [task for task in _TASKS if (root / "Data" / task).is_dir()]
    if len(found) > 1:
        folders = " or ".join(str(root / "Annotations" / task) for task in found)
        raise ValueError(
            f"{root} must hold one of ImageNet's tasks, got {' and '.join(found)}; give {folders}"
        )
    return Tree(root, found[0]) if found else None
