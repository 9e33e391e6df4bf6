"""What the first bytes tell of a file, whatever its name and however little of it is whole."""

from __future__ import annotations

import re
from pathlib import Path

# a ZIP archive whose first part is the pickle, or torch's older form, the pickle alone; programs
# of torch.export are archives, too, and begin with another part
_SAVED = re.compile(rb"PK\x03\x04.{26}[^\0]*/data\.pkl|\x80[\x02-\x05]", re.DOTALL)
_HEAD = 1024  # Unit: bytes


def is_saved(path: Path) -> bool:
    """Whether torch.save has begun it; False where there is no file."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return _SAVED.match(file.read(_HEAD)) is not None
