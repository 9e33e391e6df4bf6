"""Programs that data is written for: the forms that each reads, and in which words.

Imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from resdet.structures.corners import VOC


@dataclass(frozen=True)
class Words:
    """In what readers of a form differ, as `program` has it.

    `corners`: of VOC. `whole`: it cuts off their decimals, so they are rounded. `plain`: XML has
    neither a declaration nor attributes. `labelmap`: it refuses VOC without labelmap.txt.
    `blanks`: names of images may have them. `suffix`: the only one of images. `counted`: data.yaml
    tells the number of classes. `val`: data.yaml names train and val, whatever there is. `listed`:
    classes.txt lies beside the labels. `numbered`: COCO's categories count from 1. `difficult`,
    `crowd`: it knows such objects for what they are.
    """

    program: str = "most readers"
    corners: str = VOC
    whole: bool = False
    plain: bool = False
    labelmap: bool = False
    blanks: bool = True
    suffix: str = ""
    counted: bool = True
    val: bool = True
    listed: bool = False
    numbered: bool = False
    difficult: bool = True
    crowd: bool = True


MOST = Words()
_PLAIN = Words(difficult=False, crowd=False)  # all objects are alike
_ZERO = replace(_PLAIN, corners="0-continuous")
_CUT = replace(_ZERO, whole=True)
_MAPPED = Words(corners="0-continuous", labelmap=True)
_NUMBERED = Words(numbered=True)
_JPEGS = Words(suffix=".jpg")

# docs/annotation_tools.md has the versions that were tried, and what they made of it
PROGRAMS: Mapping[str, Mapping[str, Words]] = {
    "cvat": {"voc": _MAPPED, "coco": _NUMBERED, "yolo": Words(counted=False, val=False)},
    "datumaro": {"voc": _MAPPED, "coco": _NUMBERED, "yolo": MOST},
    "detectron2": {"coco": MOST, "voc": replace(_JPEGS, blanks=False, difficult=False)},
    "devkit": {"voc": replace(_JPEGS, plain=True, blanks=False)},
    "globox": {"voc": _ZERO, "coco": _PLAIN, "yolo": MOST},
    "label-studio": {"coco": _PLAIN},
    "labelformat": {"voc": _ZERO, "coco": _PLAIN, "yolo": MOST},
    "labelimg": {"voc": replace(_CUT, difficult=True), "yolo": Words(listed=True)},
    "pycocotools": {"coco": MOST},
    "pylabel": {"voc": _CUT, "coco": _PLAIN, "yolo": MOST},
    "sahi": {"coco": _PLAIN},
    "supervision": {"voc": _PLAIN, "coco": Words(difficult=False), "yolo": MOST},
    "torchvision": {"voc": _JPEGS, "coco": MOST},
    "ultralytics": {"yolo": MOST},
}


def words_for(program: str, to: str) -> Words:
    """How `to` is written for a program.

    Raises: ValueError naming the forms that it reads, where that is none of them.
    """
    forms = PROGRAMS[program]
    if to not in forms:
        known = " or ".join(form.upper() for form in forms)
        raise ValueError(f"--to must be a form that {program} reads, {known}, got {to}")
    return replace(forms[to], program=program)
