"""Forms of data by name: ours, a folder each, and the readers of others. Imports nothing heavy."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from backbones.plugins import Registry

if TYPE_CHECKING:
    from backbones.images.check_report import Report
    from resdet.data.found import Found, Load
    from resdet.data.programs import Words
    from resdet.data.source import Source
    from resdet.data.writing import Details, Splits, Told
    from resdet.structures.records import Dataset, ImageRecord

    # what follows `<kind>:` in a name, the data root, DATASETS.CLASSES
    Reader = Callable[[str, Path, Sequence[str]], Dataset]

WRITTEN = ("voc", "coco", "yolo")
OWN_FORMATS = (*WRITTEN, "cvat", "labelme")
FORMATS: Registry[Reader] = Registry("the kind of a dataset", OWN_FORMATS)


class Form(Protocol):
    """What a form of data offers: `form.py` in its folder."""

    LOST: str  # what no other form can hold, or ""
    load: Load
    # (found, splits, out, how to check) -> a corrected copy in `out`; None: in another form
    fix: Callable[..., Found] | None

    def settles(self, root: Path) -> bool:
        """Whether folders that no other form has leave no doubt, however broken the data is."""

    def find(self, root: Path) -> Found | None:
        """The data in `root`, where it is of this form. Raises: ValueError if it is, but faulty."""

    def nearly(self, root: Path) -> str:
        """What of this form is in `root` where no image and annotation go together, or ""."""

    def parse(self, words: Sequence[str]) -> Source | None:
        """What the words after `<kind>:` name; None where they are not of this form."""

    def is_there(self, source: Source) -> bool:
        """Whether the files that a source names are there."""

    def check(self, found: Found, splits: Sequence[str], **common: Any) -> Report:
        """Everything that is wrong in `splits`, by default in all.

        Raises: ValueError if a split is not there.
        """

    def list_name(self, source: Source, record: ImageRecord) -> str:
        """What stands for an image in a list that `load` takes."""

    def details(self, source: Source, data: Dataset) -> dict[Path, list[Details]]:
        """What the files tell of each object beyond box and class, by image, in its order."""


class Written(Protocol):
    """What a form offers that is written as well."""

    SPLIT_NAMES: Mapping[str, str]  # what a copy calls the only split of data that has none

    def write(
        self,
        root: Path,
        splits: Splits,
        class_names: Sequence[str],
        category_ids: Sequence[int],
        told: Told,
        words: Words = ...,
    ) -> dict[Path, Path]:
        """All but the images; -> where each image belongs, relative to `root`.

        `told` counts what the form has no word for.
        """


def register_format(kind: str, read: Reader) -> None:
    """Make `read` the reader of datasets called `<kind>:<anything>`.

    It is given what follows the colon, the data root and the class names that the user gave, and
    returns a `Dataset` of kind "voc" or "coco", by whose rules it is measured.
    """
    FORMATS.register(kind, read)


def form_of(kind: str) -> Form:
    """The form among ours that is called `kind`: `form.py` of its folder."""
    return cast(Form, importlib.import_module(f"resdet.data.{kind}.form"))


def writer_of(kind: str) -> Written:
    """The form among `WRITTEN` that is called `kind`."""
    return cast(Written, form_of(kind))
