"""LabelMe's form as the rest of the project calls it: see `resdet.data.registry.Form`."""

from functools import partial
from pathlib import Path

from backbones.images.folders import SUFFIXES, files_below
from resdet.data.annotated import OfTool, is_there, list_name, settles
from resdet.data.check_annotated import check_annotated
from resdet.data.labelme.folder import json_files, open_labelme
from resdet.data.source import of_folder
from resdet.data.validate import Ways, apart

_WAYS = Ways("write the image's name into imagePath", "put both into one folder")

_form = OfTool("labelme", open_labelme)
find, load, details = _form.find, _form.load, _form.details
check = partial(check_annotated, open_labelme)
parse = partial(of_folder, "labelme")
fix = None
LOST = "lost: descriptions, group_id and colours of shapes; flags of images"


def nearly(root: Path) -> str:
    """JSON and images of which no names match."""
    files = [root / name for name in json_files(root)]
    images = [root / name for name in files_below(root, SUFFIXES)]
    return apart("JSON of LabelMe", files, images, root, _WAYS)


__all__ = [
    "LOST",
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
]
