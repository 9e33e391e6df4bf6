"""CVAT's form as the rest of the project calls it: see `resdet.data.registry.Form`."""

from functools import partial
from pathlib import Path

from backbones.images.folders import SUFFIXES, files_below
from backbones.terminal.wording import count
from resdet.data.annotated import OfTool, is_there, list_name, settles
from resdet.data.check_annotated import check_annotated
from resdet.data.cvat.dump import dump_files, open_cvat
from resdet.data.source import of_folder

_form = OfTool("cvat", open_cvat)
find, load, details = _form.find, _form.load, _form.details
check = partial(check_annotated, open_cvat)
parse = partial(of_folder, "cvat")
fix = None
LOST = "lost: points, lines and tags of images, which are no boxes; z_order, group_id"


def nearly(root: Path) -> str:
    """XML without its images."""
    files = [file for file in dump_files(root) if b"<image" in file.read_bytes()]
    if not files:
        return ""
    images = count(sum(1 for _ in files_below(root, SUFFIXES)), "image")
    return (
        f"{files[0].relative_to(root)} of CVAT, and {images}, none of its names; put its images "
        'into images/ beside it, or export once more with "Save images"'
    )


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
