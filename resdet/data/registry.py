"""Formats of data by name: ours, and those that others add. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backbones.plugins import Registry

if TYPE_CHECKING:
    from resdet.structures.records import Dataset

    # what follows `<kind>:` in a name, the data root, DATASETS.CLASSES
    Reader = Callable[[str, Path, Sequence[str]], Dataset]

OWN_FORMATS = ("voc", "coco", "yolo")


FORMATS: Registry[Reader] = Registry("the kind of a dataset", OWN_FORMATS)


def register_format(kind: str, read: Reader) -> None:
    """Make `read` the reader of datasets called `<kind>:<anything>`.

    It is given what follows the colon, the data root and the class names that the user gave, and
    returns a `Dataset` of kind "voc" or "coco", by whose rules it is measured.
    """
    FORMATS.register(kind, read)
