"""Objects that a tool turns by an attribute, `rotation`, beside the box before the turn.

Source: CVAT's COCO and VOC formats: degrees clockwise about the centre of the box.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from resdet.data.validate import logger

ATTRIBUTE = "rotation"


def angle_of(value: object) -> float:
    """Degrees, 0 of what is no number."""
    try:
        angle = float(value) if isinstance(value, int | float | str) else 0.0
    except ValueError:
        return 0.0
    return angle if math.isfinite(angle) else 0.0


def is_turned(angle: float) -> bool:
    """Whether the box around the object is perhaps another: half a turn gives the same."""
    return angle % 180 != 0


def warn_turned(subject: str, angles: Sequence[float]) -> None:
    """Counts the objects whose box is not the one around them."""
    if many := sum(map(is_turned, angles)):
        logger.warning(
            "%s: objects turned by an attribute, of which the box before the turn is read: %d; "
            "resdet check-data --fix writes the boxes around them",
            subject,
            many,
        )
