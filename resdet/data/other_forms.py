"""Annotations in forms that are not read: told by what is in a file, with the way to export them.

Source: the menus and writers of CVAT 2, Label Studio's SDK 2.1, labelImg 1.8, VIA 2 and 3,
Supervisely's apps, datumaro 1.13's `datum convert`.
"""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from backbones.files.json_file import read_json
from backbones.files.plain_xml import parse_xml
from backbones.images.folders import SUFFIXES, files_below
from resdet.data.other_values import (
    entries,
    first_object,
    is_tf_record,
    numbers,
    unlike_boxes,
)

_LOOKED_AT = 20  # files of a kind
_LINES = 20
_HEAD = 1 << 16
_DATUM = "datumaro reads it: datum convert -i DIR -if {} -f coco -o OUT -- --save-media"
_INSTANCES = "boxes are in the instances_*.json of the same download: take that"
_CVAT = (
    'in CVAT: Actions, "Export task dataset", format "CVAT for images 1.1", "COCO 1.0" or '
    '"PASCAL VOC 1.1", with "Save images"'
)
_LABEL_STUDIO = 'in Label Studio: "Export", then "COCO", "Pascal VOC XML" or "YOLO"'
_VIA = 'in VIA 2: menu "Annotation", "Export Annotations (COCO format)"'
_LABELIMG = (
    'in LabelImg: the button below "Save" says the format; click it until it says "PascalVOC", '
    "and save each image again"
)
_ROWS = "write it as COCO, or add a reader: docs/contributing/dataset.md"


@dataclass(frozen=True)
class Other:
    """A form: its name, how its content is told, what to do; `read`: what it is told by.

    `paired`: what looks so is of this form in a file with the name of an image alone.
    """

    name: str
    read: str
    is_it: Callable[[Any], bool]
    way_out: str
    paired: bool = False


OTHERS = (
    Other(
        "CVAT for video 1.1, which has tracks and no images",
        "xml",
        lambda tree: tree.tag == "annotations" and tree.find("track") is not None,
        _CVAT,
    ),
    Other(
        "LabelMe 3.0's XML, of LabelMe on the web",
        "xml",
        lambda tree: tree.tag == "annotation" and tree.find("object/polygon/pt") is not None,
        _DATUM.format("label_me"),
    ),
    Other(
        "Label Studio's JSON",
        "json",
        lambda value: (
            "data" in (one := first_object(value))
            and bool({"annotations", "completions", "predictions"} & one.keys())
        ),
        _LABEL_STUDIO,
    ),
    Other(
        "Label Studio's JSON-MIN",
        "json",
        lambda value: any(
            {"original_width", "original_height"} <= first_object(found).keys()
            for one in entries(value)
            for found in one.values()
        ),
        _LABEL_STUDIO,
    ),
    Other(
        "CreateML's JSON, as LabelImg writes it",
        "json",
        lambda value: (
            {"image", "annotations"} <= first_object(value).keys()
            and any("coordinates" in first_object(one.get("annotations")) for one in entries(value))
        ),
        _LABELIMG,
    ),
    Other(
        "a project of VIA 2",
        "json",
        lambda value: isinstance(value, dict) and "_via_img_metadata" in value,
        _VIA,
    ),
    Other(
        "a project of VIA 3",
        "json",
        lambda value: isinstance(value, dict) and {"project", "view", "metadata"} <= value.keys(),
        f"draw boxes of images in VIA 2, which exports them: {_VIA.removeprefix('in VIA 2: ')}",
    ),
    Other(
        "annotations of VIA",
        "json",
        lambda value: (
            isinstance(value, dict)
            and {"filename", "regions"} <= first_object([*value.values()]).keys()
        ),
        _VIA,
    ),
    Other(
        "Supervisely's JSON",
        "json",
        lambda value: (
            isinstance(value, dict)
            and {"size", "objects", "tags"} <= value.keys()
            and (not value["objects"] or "classTitle" in first_object(value["objects"]))
        ),
        'in Supervisely: run the app "Export to COCO" or "Export to Pascal VOC" on the project',
    ),
    Other(
        "COCO's panoptic JSON, which has segments and no boxes of objects",
        "json",
        lambda value: "segments_info" in unlike_boxes(value),
        _INSTANCES,
    ),
    Other("COCO's captions", "json", lambda value: "caption" in unlike_boxes(value), _INSTANCES),
    Other(
        "COCO's keypoints without boxes",
        "json",
        lambda value: "keypoints" in unlike_boxes(value),
        _INSTANCES,
    ),
    Other(
        "COCO's labels of whole images, without boxes",
        "json",
        lambda value: {"image_id", "category_id"} <= unlike_boxes(value),
        "draw boxes, or export them with the labels; images in a folder of each class are to "
        "classify",
    ),
    Other(
        "results in COCO's form, which are detections",
        "json",
        lambda value: {"image_id", "category_id", "score"} <= first_object(value).keys(),
        "resdet eval-coco --detections FILE scores them; give the annotations as well",
    ),
    Other(
        "Datumaro's JSON",
        "json",
        lambda value: isinstance(value, dict) and {"items", "categories"} <= value.keys(),
        _DATUM.format("datumaro"),
    ),
    Other(
        "VoTT's JSON",
        "json",
        lambda value: isinstance(value, dict) and {"asset", "regions"} <= value.keys(),
        f'export the project from VoTT as "CSV"; {_DATUM.format("vott_csv")}',
    ),
    Other(
        "annotations of VIA as CSV",
        "lines",
        lambda lines: bool(re.match(r"#?filename,file_size,file_attributes,", lines[0])),
        _VIA,
    ),
    Other(
        "TensorFlow's CSV",
        "lines",
        lambda lines: (
            lines[0].replace(" ", "") == "filename,width,height,class,xmin,ymin,xmax,ymax"
        ),
        f"export the same as VOC or COCO from the tool that wrote it; else {_ROWS}",
    ),
    Other(
        "Open Images' CSV",
        "lines",
        lambda lines: lines[0].startswith("ImageID,") and "XMin" in lines[0],
        _DATUM.format("open_images"),
    ),
    Other(
        "RetinaNet's CSV",
        "lines",
        lambda lines: all(
            re.fullmatch(r"[^,]+,(-?[\d.]+,){4}[^,]+|[^,]+,,,,,", line) for line in lines
        ),
        f"export the same as VOC or COCO from the tool that wrote it; else {_ROWS}",
    ),
    Other(
        "KITTI's labels",
        "lines",
        lambda lines: all(
            len(words := line.split()) in (15, 16)
            and not numbers(words[:1])
            and len(numbers(words[1:])) == len(words) - 1
            for line in lines
        ),
        _DATUM.format("kitti_detection"),
    ),
    Other(
        "MOT's tracks",
        "lines",
        lambda lines: all(re.fullmatch(r"\d+,-?\d+(,-?[\d.]+){5,8}", line) for line in lines),
        _DATUM.format("mot_seq"),
    ),
    Other(
        "DOTA's labels",
        "lines",
        lambda lines: (
            lines[0].startswith("imagesource:")
            or all(
                len(words := line.split()) == 10
                and len(numbers(words[:8])) == 8
                and not numbers(words[8:9])
                for line in lines
            )
        ),
        _DATUM.format("dota"),
    ),
    Other(
        "a list of images with boxes behind each, as keras-yolo3 has it",
        "lines",
        lambda lines: all(re.fullmatch(r"\S.*?( -?\d+(,-?\d+){4})+", line) for line in lines),
        f"export the same as YOLO, VOC or COCO from the tool that wrote it; else {_ROWS}",
    ),
    Other(
        "YOLO labels with names in place of numbers",
        "lines",
        lambda lines: all(
            len(words := line.split()) == 5
            and not numbers(words[:1])
            and len(found := numbers(words[1:])) == 4
            and max(found) <= 1
            for line in lines
        ),
        "write the number of each class, counted from 0, and the names into classes.txt",
        paired=True,
    ),
    Other(
        "YOLO labels in pixels",
        "lines",
        lambda lines: (
            all(
                len(found := numbers(line.split())) == 5 == len(line.split())
                and found[0].is_integer()
                and min(found) >= 0
                for line in lines
            )
            and any(max(numbers(line.split())[1:]) > 1 for line in lines)
        ),
        "YOLO has x, y of the centre, width and height as fractions of the image: divide them",
        paired=True,
    ),
    Other(
        "darknet's file of a data set",
        "lines",
        lambda lines: {"train", "names"} <= {line.partition("=")[0].strip() for line in lines},
        "call it obj.data, and put it into the folder that its paths begin in",
    ),
    Other("TFRecord", "bytes", is_tf_record, _DATUM.format("tf_detection_api")),
)
_READ_AS = {  # by suffix, what a file is looked at as
    **{".xml": "xml", ".json": "json", ".csv": "lines", ".txt": "lines", ".data": "lines"},
    **{".tfrecord": "bytes", ".tfrecords": "bytes", ".record": "bytes"},
}


def may_annotate(name: str) -> bool:
    """Whether a file is called as annotations are, of any form, or what tells a data set."""
    return not name.startswith(".") and _suffix(name) in (*_READ_AS, ".yaml", ".yml")


def other_forms(root: Path) -> str:
    """The first file below `root` of a form that is not read, and what to do; or ""."""
    seen: Counter[str] = Counter()
    stems = {_stem(image) for image in files_below(root, SUFFIXES)}
    for name in files_below(root, ("",)):
        kind = _READ_AS.get(_suffix(name), "")
        if not kind or seen[kind] == _LOOKED_AT:
            continue
        content = _content(root / name, kind)
        seen[kind] += bool(content) or isinstance(content, ET.Element)
        one = told_by(content, kind)
        if one and (_stem(name) in stems or not one.paired):
            return f"{one.name} ({name}); {one.way_out}"
    return ""


def _stem(name: str) -> str:
    return os.path.splitext(os.path.basename(name))[0]


def other_form(file: Path) -> Other | None:
    """What a file is of."""
    kind = _READ_AS.get(_suffix(file.name), "")
    return told_by(_content(file, kind), kind) if kind else None


def told_by(content: object, kind: str) -> Other | None:
    """What the content of a file is of, which is looked at as `kind`."""
    if not content and not isinstance(content, ET.Element):
        return None
    return next((one for one in OTHERS if one.read == kind and one.is_it(content)), None)


def _suffix(name: str) -> str:
    """Of `train.record-00000-of-00010` as well."""
    suffix = os.path.splitext(name)[1].lower()
    return re.sub(r"-\d+-of-\d+$", "", suffix) if "-of-" in suffix else suffix


def _content(file: Path, kind: str) -> object:
    """None of what cannot be read."""
    try:
        if kind == "json":
            return read_json(file, finite=False)
        if kind == "xml":
            return parse_xml(file.read_bytes())
        with open(file, "rb") as content:
            head = content.read(_HEAD)
        return head if kind == "bytes" else _lines(head)
    except (OSError, ValueError):
        return None


def _lines(head: bytes) -> list[str]:
    """The first lines with anything in them, without one that is cut off; none of no UTF-8."""
    whole = head if len(head) < _HEAD else head[: head.rfind(b"\n") + 1]
    lines = (line.strip() for line in whole.decode("utf-8-sig").splitlines())
    return list(islice((line for line in lines if line), _LINES))
