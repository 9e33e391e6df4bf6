"""COCO's form as the rest of the project calls it: see `resdet.data.registry.Form`."""

from resdet.data.coco.check import check
from resdet.data.coco.find import find, nearly, settles
from resdet.data.coco.fix import fix
from resdet.data.coco.source import details, is_there, list_name, load, parse
from resdet.data.coco.write import write

SPLIT_NAMES = {"all": "train"}
LOST = "lost: info, licences, supercategories and further keys of images; JSON files"

__all__ = [
    "LOST",
    "SPLIT_NAMES",
    "check",
    "details",
    "find",
    "fix",
    "is_there",
    "list_name",
    "load",
    "nearly",
    "parse",
    "settles",
    "write",
]
