"""Files whose name says what they hold: `resnet50-0676ba61.pth` begins its SHA-256 with 0676ba61.

torch's hub, torchvision, timm and akamaster name their weights so; a file that was cut on its way,
or put in the place of another, shows by it before anything of it is read.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_NAMED = re.compile(r"-([0-9a-f]{8}|[0-9a-f]{64})\.[A-Za-z0-9]+")
_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_BLOCK = 1 << 20


def check_name(path: Path) -> None:
    """Hold a file to the hash in its name; eight digits that are a date are none.

    Raises: ValueError with both; OSError if the file cannot be read.
    """
    named = _NAMED.fullmatch(path.name[path.stem.rfind("-") :]) if "-" in path.stem else None
    if named is None or _DATE.fullmatch(named[1]):
        return
    found = file_digest(path)
    if not found.startswith(named[1]):
        raise ValueError(
            f"{path} must have the SHA-256 that its name carries, {named[1]}, got "
            f"{found[: len(named[1])]}; it is cut or another file: fetch it again, or name it "
            "otherwise if it is meant"
        )


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
