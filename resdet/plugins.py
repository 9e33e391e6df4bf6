"""What others add without touching this package; networks are added by `backbones.register`.

See docs/contributing for a worked example of each, and `backbones.plugins` for how they are found.
Imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backbones.plugins import HINT, Registry, nearest

if TYPE_CHECKING:
    from resdet.engines import Engine
    from resdet.modeling.heads import BoxHead, HeadInputs
    from resdet.structures import Dataset

    HeadBuilder = Callable[[HeadInputs], BoxHead]
    # what follows `<kind>:` in a name, the data root, DATASETS.CLASSES
    Reader = Callable[[str, Path, Sequence[str]], Dataset]

__all__ = [
    "ENGINES",
    "FORMATS",
    "HEADS",
    "HINT",
    "nearest",
    "register_engine",
    "register_format",
    "register_head",
]

OWN_HEADS = ("Conv5Head", "FC6FC7Head")
OWN_ENGINES = ("d2", "tv")
OWN_FORMATS = ("voc", "coco", "yolo")

HEADS: Registry[HeadBuilder] = Registry("MODEL.ROI_BOX_HEAD.NAME", OWN_HEADS)
FORMATS: Registry[Reader] = Registry("the kind of a dataset", OWN_FORMATS)
ENGINES: Registry[Engine] = Registry("--engine", (*OWN_ENGINES, "auto"))


def register_head(name: str, build: HeadBuilder) -> None:
    """Make `build` the box head of MODEL.ROI_BOX_HEAD.NAME `name`, on every engine."""
    HEADS.register(name, build)


def register_format(kind: str, read: Reader) -> None:
    """Make `read` the reader of datasets called `<kind>:<anything>`.

    It is given what follows the colon, the data root and the class names that the user gave, and
    returns a `Dataset` of kind "voc" or "coco", by whose rules it is measured.
    """
    FORMATS.register(kind, read)


def register_engine(engine: Engine) -> None:
    """Make `--engine <engine.NAME>` build, train and run detectors by `engine`."""
    ENGINES.register(engine.NAME, engine)
