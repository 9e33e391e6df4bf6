"""Faster R-CNN around the networks of `backbones`, on torchvision's parts or inside detectron2.

Importing it imports neither torch nor detectron2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fvcore.common.config import CfgNode

__all__ = ["add_resdet_config", "register"]


def add_resdet_config(cfg: CfgNode) -> None:
    """Add the keys that detectron2's `get_cfg()` lacks; twice is as good as once."""
    from resdet.config import schema

    schema.add_resdet_config(cfg)


def register() -> None:
    """Make our backbones and box heads known to detectron2's registries; may be repeated.

    Raises: ValueError with the way to install detectron2, where it is absent.
    """
    from resdet import engines

    engines.load("d2")
