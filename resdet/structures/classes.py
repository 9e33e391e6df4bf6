"""Classes of the public data sets, and which categories of a JSON are classes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

VOC_CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa"),
    *("train", "tvmonitor"),
)


# Source: categories of instances_val2017.json by rising id; detectron2's builtin_meta.py.
COCO_CLASSES = (
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    *("traffic light", "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat"),
    *("dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "backpack"),
    *("umbrella", "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard", "sports ball"),
    *("kite", "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket"),
    *("bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple"),
    *("sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair"),
    *("couch", "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse"),
    *("remote", "keyboard", "cell phone", "microwave", "oven", "toaster", "sink"),
    *("refrigerator", "book", "clock", "vase", "scissors", "teddy bear", "hair drier"),
    "toothbrush",
)


# Source: the same file; of 90 categories, these ten were never annotated.
COCO_IDS = tuple(n for n in range(1, 91) if n not in (12, 26, 29, 30, 45, 66, 68, 69, 71, 83))


def usual_ids(class_names: Sequence[str]) -> tuple[int, ...]:
    """COCO's own ids where the classes are its 80, else 1, 2, 3, ..."""
    of_coco = tuple(class_names) == COCO_CLASSES
    return COCO_IDS if of_coco else tuple(range(1, len(class_names) + 1))


def real_categories(content: Mapping[str, Any]) -> list[Any]:
    """The categories without those that tools put beside the classes, of which no annotation is.

    Roboflow's has the id 0, the supercategory "none" and a name that is others' supercategory;
    datumaro's, made of VOC, is called background.
    """
    categories: list[Any] = content["categories"]
    sound = [c for c in categories if isinstance(c, dict)]
    above = {str(c.get("supercategory")) for c in sound}
    put = [c for c in sound if _is_put(c, above)]
    if not put or len(put) == len(sound):
        return categories
    annotations = content.get("annotations") or ()
    used = {_of(entry) for entry in annotations if isinstance(entry, dict)}
    gone = [id(c) for c in put if _of(c, "id") not in used]
    return [c for c in categories if id(c) not in gone] if gone else categories


def _is_put(category: Mapping[str, Any], above: Collection[str]) -> bool:
    placeholder = category.get("id") == 0 and category.get("supercategory") == "none"
    name = str(category.get("name"))
    return name == "background" or (placeholder and name in above)


def _of(entry: Mapping[str, Any], key: str = "category_id") -> Any:
    """A number or text, be it something else."""
    value = entry.get(key)
    return value if isinstance(value, int | str) else str(value)
