"""Where the parts of data lie: the devkit's folders, and what annotation tools leave instead."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from backbones.files.plain_xml import parse_xml
from backbones.images.folders import SUFFIXES, files_below, files_in, images_by_stem
from resdet.data.splits import (
    ALL,
    MADE,
    SPLITS,
    own_lists,
    split_folders,
    split_name,
    subfolders,
)
from resdet.data.validate import left_out, text_lines
from resdet.data.voc.imagenet import Tree, tree_of
from resdet.data.voc.lists import Line, Stems
from resdet.data.voc.pairing import by_file_name, without_annotation, without_image

_TXT = (".txt",)
_HEAD = 50  # lines of a list, to see what it lists
_LOOKED_AT = 200  # XML files of a folder, to see whether one is an annotation


@dataclass(frozen=True)
class VocLayout:
    """Folders of one VOC data set; `lists` hold <split>.txt, the first that has one wins.

    Without a list, a split is what lies in the folder of its name below `annotations`, or where
    those lie in none, below `images`: `prefixes`.
    `parts`: the folders of annotations and images in that of each split, which no stem names.
    `tree`: ImageNet's, whose lists call an image without the folder of its split.
    """

    root: Path
    images: Path
    annotations: Path
    lists: tuple[Path, ...]
    prefixes: dict[str, str]
    parts: tuple[str, str] = ("", "")
    tree: Tree | None = None

    @cached_property
    def annotated(self) -> dict[str, str]:
        """The paths of the annotations that are there, by stem."""
        try:
            names = list(files_below(self.annotations, (".xml",)))
        except OSError:
            return {}
        folder = os.path.join(self.annotations, "")
        return {_without(name[:-4], self.parts[0]): folder + name for name in names}

    def written(self) -> set[str]:
        """The stems of the annotations that are there."""
        return set(self.annotated)

    @cached_property
    def _images(self) -> dict[str, Path]:
        found = images_by_stem(self.images) if self.images.is_dir() else {}
        return {_without(stem, self.parts[1]): path for stem, path in found.items()}

    @cached_property
    def renamed(self) -> dict[str, str]:
        """Of images that an annotation of another name is of: their stem -> its."""
        return {} if self.tree else by_file_name(self.annotated, self._images)

    @cached_property
    def _pictures(self) -> dict[str, Path]:
        return {self.renamed.get(stem, stem): path for stem, path in self._images.items()}

    def pictures(self) -> dict[str, Path]:
        """The images that are there, by the stem of their annotation, or else by their own."""
        return dict(self._pictures)

    def xml(self, stem: str) -> str:
        """The path of an annotation."""
        if stem in self.annotated:
            return self.annotated[stem]
        split, slash, name = stem.partition("/")
        inner = f"{split}/{self.parts[0]}/{name}" if slash and self.parts[0] else stem
        return os.path.join(self.annotations, f"{inner}.xml")

    def left_out(self) -> list[str]:
        """A line for annotations without an image, and for images that lack one and a list."""
        files, images = self.annotated, self._pictures
        lines = left_out(without_image(files, images), "annotations without an image")
        if self.beside or files_in(self.lists[-1], _TXT):
            return lines  # the user chose
        return lines + left_out(without_annotation(files, images), "images without annotation")

    def second_images(self) -> list[Path]:
        """Images alike but for the suffix to one that is read."""
        if not self.images.is_dir():
            return []
        names = list(files_below(self.images, SUFFIXES))
        if len(names) == len(self._pictures):
            return []
        read = set(self._pictures.values())
        return [path for name in names if (path := self.images / name) not in read]

    def lines(self, listing: Path) -> list[Line]:
        """The lines of a list; what they call by its image is called by its annotation.

        Raises: ValueError where it is not UTF-8.
        """
        lines = self._stems.lines(text_lines(listing))
        full = {**self.renamed, **self._short}
        return [Line(text, full.get(stem or "", stem)) for text, stem in lines]

    @cached_property
    def _stems(self) -> Stems:
        return Stems({*self.annotated, *self._images, *self._pictures, *self._short})

    @cached_property
    def _short(self) -> dict[str, str]:
        """What the lists of ImageNet's tree call an image -> its stem."""
        known = {*self.annotated, *self._images} if self.tree else ()
        return {stem.partition("/")[2]: stem for stem in known if "/" in stem}

    @cached_property
    def _lists(self) -> dict[str, Path]:
        """Those of `lists`, by split."""
        files = [file for folder in reversed(self.lists) for file in files_in(folder, _TXT)]
        found = {split_name(file.stem): file for file in files}
        return self.tree.of_splits(found) if self.tree else found

    @cached_property
    def beside(self) -> dict[str, Path]:
        """The user's train.txt, val.txt and the like in other folders, where there are no `lists`.

        They must divide the images: each line names one, and none is in two but in trainval.
        """
        chosen = self._lists or self.lists[0].is_dir()
        for folder in () if chosen else (self.root / "ImageSets", self.root, self.images):
            files = {split_name(file.stem): file for file in own_lists(folder)}
            stems = {split: [line.stem for line in self.lines(files[split])] for split in files}
            apart = [stem for split in stems.keys() - {"trainval"} for stem in {*stems[split]}]
            sound = all(stem in self._pictures for named in stems.values() for stem in named)
            whole = len(files) > 1 and {"train", "trainval"} & files.keys()
            if sound and whole and len({*apart}) == len(apart):
                return files
        return {}

    def listing(self, split: str) -> Path | None:
        """The list of a split, where there is one."""
        return (self.beside | self._lists).get(split_name(split))

    def splits(self) -> list[str]:
        """All there are, but for VOC's lists of each class: aeroplane_train."""
        there = sorted(self.beside | self._lists)
        there = [name for name in there if not self._is_of_a_class(name, there)]
        lists = [name for name in there if name in SPLITS or self._lists_images(name)]
        return lists + [split for split in self._folders if split not in lists]

    def no_lists(self) -> list[Path]:
        """Files among the user's lists of which no image is named at the head."""
        files = {split_name(file.stem): file for file in files_in(self.lists[-1], _TXT)}
        files = self.tree.of_splits(files) if self.tree else files
        others = (name for name in files if name not in SPLITS and not self._lists_images(name))
        return [files[name] for name in others if not self._is_of_a_class(name, files)]

    def _is_of_a_class(self, name: str, names: Iterable[str]) -> bool:
        """Whether it is called <class>_<split>, and says of each image 1, 0 or -1."""
        if not any(name.endswith(f"_{other}") for other in names):
            return False
        return all(line.endswith((" 1", " -1", " 0")) for line in self._head(name))

    def _lists_images(self, name: str) -> bool:
        return any(self._stems.of(line) for line in self._head(name))

    def _head(self, name: str) -> list[str]:
        file = self.listing(name)
        if file is None:
            return []
        with open(file, encoding="utf-8-sig", errors="replace") as lines:
            head = [line.strip() for line in islice(lines, _HEAD) if line.strip()]
        return [line.text for line in self._stems.lines(head)]

    @cached_property
    def _folders(self) -> dict[str, str]:
        """`prefixes`, but where one alone holds a part of the data: it is called so by chance."""
        whole = len(self.prefixes) > 1 or all(
            self._lies_in(prefix, s) for prefix in self.prefixes.values() for s in self.annotated
        )
        return self.prefixes if whole else {}

    def _lies_in(self, prefix: str, stem: str) -> bool:
        """Whether the annotation does, or its image where only images lie in folders."""
        return stem.startswith(prefix) or self._of_image.get(stem, "").startswith(prefix)

    @cached_property
    def _of_image(self) -> dict[str, str]:
        return {annotation: image for image, annotation in self.renamed.items()}

    def select(self, split: str, stems: Iterable[str]) -> list[str] | None:
        """Those of a split that has no list, sorted; None where there is no such split."""
        if split == ALL:
            return sorted(stems)
        prefix = self._folders.get(split)
        if prefix is None:
            return None
        chosen = self.tree.to_train if self.tree and split == "train" else None
        named = stems if chosen is None else [stem for stem in stems if stem in chosen]
        return sorted(stem for stem in named if self._lies_in(prefix, stem))

    def of_split(self, split: str, stems: Collection[str]) -> list[str]:
        """Those of `stems` in a split, by its list or its folder; of none, nothing."""
        listing = self.listing(split)
        if listing is None:
            return self.select(split, stems) or []
        listed = dict.fromkeys(line.stem for line in self.lines(listing))
        return [stem for stem in listed if stem is not None and stem in stems]


def voc_layout(root: Path) -> VocLayout:
    """Where images and annotations lie: by VOC's names, by any others, or in one folder.

    What is found nowhere is said to be where VOC has it.
    """
    if tree := tree_of(root):
        lists = (root / MADE, tree.lists)
        prefixes = _prefixes(tree.annotations) or _prefixes(tree.images)
        return VocLayout(root, tree.images, tree.annotations, lists, prefixes, tree=tree)
    images, annotations = root / "JPEGImages", root / "Annotations"
    lists = (root / MADE, _called(_called(root, "ImageSets"), "Main"))
    if not _holds(annotations, (".xml",)):
        annotations = xml_folder(root) or annotations
    if not annotations.is_dir() and (parts := _parts_of_splits(root)):
        return VocLayout(root, root, root, lists, _prefixes(root), parts)
    if annotations.is_dir() and not _holds(images, SUFFIXES):
        images = _image_folder(root, annotations) or images
    prefixes = _prefixes(annotations) or _prefixes(images)
    return VocLayout(root, images, annotations, lists, prefixes)


def _called(folder: Path, name: str) -> Path:
    """The folder of that name in `folder`, be it in other letters."""
    alike = [inner for inner in subfolders(folder) if inner.name.casefold() == name.casefold()]
    return alike[0] if len(alike) == 1 else folder / name


def _holds(folder: Path, suffixes: tuple[str, ...]) -> bool:
    try:
        return next(files_below(folder, suffixes), None) is not None
    except OSError:
        return False


def _prefixes(folder: Path) -> dict[str, str]:
    return {split: f"{own.name}/" for split, own in split_folders(folder).items()}


def _parts_of_splits(root: Path) -> tuple[str, str] | None:
    """Of train/annotations, train/images and the like: their names, the same in each split."""
    found: set[tuple[str, str]] = set()
    for folder in split_folders(root).values():
        annotations = xml_folder(folder)
        images = _image_folder(folder, annotations) if annotations else None
        if annotations is None or images is None or len({folder, annotations, images}) < 3:
            return None
        found.add((annotations.name, images.name))
    return found.pop() if len(found) == 1 else None


def _without(stem: str, part: str) -> str:
    """`train/0` of `train/annotations/0`."""
    split, _, rest = stem.partition("/")
    return f"{split}/{rest[len(part) + 1 :]}" if part and rest.startswith(f"{part}/") else stem


def xml_folder(root: Path) -> Path | None:
    """The folder that holds annotations of VOC's form: `root`, one in it, or `root` for several.

    It may hold them in folders of its own: annotations/train beside images/train.
    """
    if has_annotations(root):
        return root
    folders = subfolders(root)
    found = [folder for folder in folders if has_annotations(folder)]
    found = found or [folder for folder in folders if _has_folders_of_annotations(folder)]
    return found[0] if len(found) == 1 else (root if found else None)


def has_annotations(folder: Path) -> bool:
    """Whether XML of VOC's form lies in it, not in a folder of it."""
    try:
        with os.scandir(folder) as entries:
            names = (e for e in entries if e.name.lower().endswith(".xml"))
            files = (e.path for e in names if e.is_file() and not e.name.startswith("."))
            return any(_is_annotation(Path(path)) for path in islice(files, _LOOKED_AT))
    except OSError:
        return False


def _has_folders_of_annotations(folder: Path) -> bool:
    if not any(map(has_annotations, subfolders(folder))):
        return False
    return not _holds(folder, SUFFIXES)  # with images it is data of its own


def _is_annotation(path: Path) -> bool:
    try:
        return parse_xml(path.read_bytes()).tag == "annotation"
    except (ValueError, OSError):
        return False


def _image_folder(root: Path, annotations: Path) -> Path | None:
    """The folder in or beside that of the annotations whose images bear most of their names."""
    names = files_below(annotations, (".xml",))
    files = {name[:-4]: os.path.join(annotations, name) for name in names}
    folders = dict.fromkeys([annotations, *subfolders(root), *subfolders(annotations), root])
    images = {folder: images_by_stem(folder) for folder in folders}
    alike = {folder: len(files.keys() & found.keys()) for folder, found in images.items()}
    return _most(alike) or _most({f: len(by_file_name(files, o)) for f, o in images.items()})


def _most(counts: Mapping[Path, int]) -> Path | None:
    best = max(counts, key=lambda folder: counts[folder])
    return best if counts[best] else None
