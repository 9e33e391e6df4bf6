"""LabelMe's form as the rest of the project calls it: see `resdet.data.registry.Form`."""

from functools import partial

from resdet.data.annotated import OfTool, is_there, list_name, settles
from resdet.data.check_annotated import check_annotated
from resdet.data.labelme.folder import nearly, open_labelme
from resdet.data.source import of_folder

_form = OfTool("labelme", open_labelme)
find, load, details = _form.find, _form.load, _form.details
check = partial(check_annotated, open_labelme)
parse = partial(of_folder, "labelme")
fix = None
LOST = "lost: descriptions, group_id and colours of shapes; flags of images; splits"

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
