"""val1 and val2 of ImageNet DET, where the user has no lists of them."""

from __future__ import annotations

from itertools import chain

from resdet.data.splits import held_out
from resdet.data.validate import Faults
from resdet.data.voc.cache import read_annotations
from resdet.data.voc.imagenet import DET
from resdet.data.voc.layout import VocLayout

HALVES = ("val1", "val2")
TOLD = (
    "val1 and val2 are our own halves of val; R-CNN's, which papers use, are lists of that name in "
)


def made_half(layout: VocLayout, split: str) -> list[str] | None:
    """The annotated images of one half of val; None where it is no half, or has a list.

    Deviation: R-CNN chose its halves among many by how alike the classes are in both (Girshick et
    al. 2014, section 4.1); here each image's rarest class is halved, seeded.
    """
    if layout.tree is None or layout.tree.task != DET or split not in HALVES:
        return None
    whole = layout.of_split("val", layout.annotated)
    if layout.listing(split) is not None or len(whole) < 2:
        return None
    read = read_annotations(layout, whole, Faults(""))
    names = [read[stem].names if stem in read else [] for stem in whole]
    numbers = {name: number for number, name in enumerate(sorted({*chain(*names)}))}
    second = held_out([[numbers[name] for name in of_one] for of_one in names], fraction=0.5)
    return [stem for stem, out in zip(whole, second, strict=True) if out == (split == "val2")]
