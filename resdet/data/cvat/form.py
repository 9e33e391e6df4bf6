"""CVAT's form as the rest of the project calls it: see `resdet.data.registry.Form`."""

from functools import partial

from resdet.data.annotated import OfTool, is_there, list_name, settles
from resdet.data.check_annotated import check_annotated
from resdet.data.cvat.dump import nearly, open_cvat
from resdet.data.source import of_folder

_form = OfTool("cvat", open_cvat)
find, load, details = _form.find, _form.load, _form.details
check = partial(check_annotated, open_cvat)
parse = partial(of_folder, "cvat")
fix = None
LOST = "lost: points, lines and tags of images, which are no boxes; z_order, group_id; splits"

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
