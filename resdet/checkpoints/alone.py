"""A checkpoint's config without the files that it names, which are its reader's to name."""

from __future__ import annotations

import shlex
from copy import deepcopy

from fvcore.common.config import CfgNode

from backbones.terminal.printable import printable
from resdet.config import get
from resdet.config.schema import KEYS

_FILES = [key for key in KEYS if key.file]


def alone(cfg: CfgNode, source: str) -> tuple[CfgNode, list[str]]:
    """A copy that names no file, and a line where detections were made with others'."""
    members = list(cfg.TEST.ENSEMBLE)
    cfg = cfg.clone()
    for key in _FILES:
        section, _, name = key.name.rpartition(".")
        (get(cfg, section) if section else cfg)[name] = deepcopy(key.default)
    if not members:
        return cfg, []
    words = printable(shlex.join(members))
    return cfg, [
        f"{source} was tested in an ensemble, and is used alone; to test it so, give its members: "
        f"--ensemble {words:.300}"
    ]
