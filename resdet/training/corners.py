"""How a run counted the corners of VOC's files."""

from __future__ import annotations

import os
from pathlib import Path

from resdet import config
from resdet.checkpoints import checkpoint
from resdet.structures.corners import AUTO


def counted_by(file: Path, data: Path) -> str:
    """The way of a run, by its config.yaml or a detector's file, in the folder `data`.

    AUTO where it was of other data.
    Raises: FileNotFoundError; ValueError if the file is broken.
    """
    cfg = config.load(str(file)) if file.suffix == ".yaml" else checkpoint.load(file).cfg
    root = os.path.expanduser(cfg.DATASETS.ROOT)  # of strangers too: any text, of any user
    same = root and "\0" not in root and Path(root).resolve().is_relative_to(data.resolve())
    return str(cfg.DATASETS.VOC_CORNERS) if same else AUTO
