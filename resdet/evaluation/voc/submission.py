"""The archive that the VOC 2012 evaluation server takes.

`results/VOC2012/Main/comp4_det_test_<class>.txt` for each of the twenty classes, in one .tar.gz.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from backbones.files.atomic import write_bytes
from backbones.terminal.wording import count
from resdet.evaluation.detection_table import DetectionTable
from resdet.evaluation.voc.comp4 import comp4_names, comp4_text
from resdet.structures.classes import VOC_CLASSES

_FOLDER = "results/VOC2012/Main"
_IMAGE_ID = re.compile(r"20(0[7-9]|1[0-2])_\d{6}", re.ASCII)


def write_submission(path: Path, table: DetectionTable, class_names: Sequence[str]) -> None:
    """Write the archive whole or not at all; the same detections make the same bytes.

    Raises: ValueError listing every fault: a name that is no .tar.gz or .tgz, classes other than
        VOC's, image ids that are not VOC 2012's, boxes without area, or no detection at all.
    Source: VOC2012 devkit section 4.3; the server unpacks the archive and looks for that folder.
    """
    check_name(path)
    faults = _faults(table, class_names)
    if faults:
        raise ValueError(f"{path} must be a submission to VOC 2012, got {'; '.join(faults)}")
    content = io.BytesIO()
    # no name and no time in the header: nothing but the detections
    with (
        gzip.GzipFile("", "wb", mtime=0, fileobj=content) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, file in zip(VOC_CLASSES, comp4_names(VOC_CLASSES), strict=True):
            text = comp4_text(table, list(class_names).index(name)).encode()
            member = tarfile.TarInfo(f"{_FOLDER}/{file}")
            member.size, member.mode = len(text), 0o644
            archive.addfile(member, io.BytesIO(text))
    write_bytes(path, content.getvalue())


def check_name(path: Path) -> None:
    """Raises: ValueError if the server would not take a file of this name."""
    if not path.name.endswith((".tar.gz", ".tgz")):
        raise ValueError(f"submission must be a .tar.gz, got {path}; end its name in .tar.gz")


def _faults(table: DetectionTable, class_names: Sequence[str]) -> list[str]:
    faults = []
    if sorted(class_names) != sorted(VOC_CLASSES):
        faults.append(
            f"the classes [{', '.join(class_names)}] for [{', '.join(VOC_CLASSES)}]: "
            "detect with a model of VOC's classes"
        )
    used = [str(table.image_ids[number]) for number in np.unique(table.images)]
    foreign = [image_id for image_id in used if not _IMAGE_ID.fullmatch(image_id)]
    if foreign:
        faults.append(
            f"{count(len(foreign), 'image id')} not of VOC 2012, such as {foreign[:3]}: "
            "detect on the split `test` of VOC2012"
        )
    if not len(table):
        faults.append("no detection at all: lower the score threshold")
    inverted = (table.boxes[:, 2:] <= table.boxes[:, :2]).any(axis=1)
    if inverted.any():
        row = int(np.argmax(inverted))
        image_id, box = table.image_ids[table.images[row]], table.boxes[row].tolist()
        faults.append(
            f"{count(int(inverted.sum()), 'box', 'boxes')} without area, such as {box} in "
            f"{image_id!r}"
        )
    return faults
