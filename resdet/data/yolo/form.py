"""YOLO's form as the rest of the project calls it: see `resdet.data.registry.Form`."""

from resdet.data.yolo.check import check
from resdet.data.yolo.find import find, nearly, settles
from resdet.data.yolo.fix import fix
from resdet.data.yolo.source import details, is_there, list_name, load, parse
from resdet.data.yolo.write import write

SPLIT_NAMES = {"all": "train", "default": "train"}
LOST = ""

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
