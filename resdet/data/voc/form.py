"""VOC's form as the rest of the project calls it: see `resdet.data.registry.Form`."""

from resdet.data.voc.check import check
from resdet.data.voc.find import find, nearly, settles
from resdet.data.voc.fix import fix
from resdet.data.voc.source import details, is_there, list_name, load, parse
from resdet.data.voc.write import write

SPLIT_NAMES = {"all": "train"}
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
