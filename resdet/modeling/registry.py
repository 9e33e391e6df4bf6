"""Box heads by name: ours, and those that `register_head` has added. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from backbones.plugins import Registry

if TYPE_CHECKING:
    from resdet.modeling.heads import BoxHead, HeadInputs

    HeadBuilder = Callable[[HeadInputs], BoxHead]

OWN_HEADS = ("Conv5Head", "FC6FC7Head")
HEADS: Registry[HeadBuilder] = Registry("MODEL.ROI_BOX_HEAD.NAME", OWN_HEADS)


def register_head(name: str, build: HeadBuilder) -> None:
    """Make `build` the box head of MODEL.ROI_BOX_HEAD.NAME `name`, on every engine.

    Raises: ValueError if the name is taken.
    """
    HEADS.register(name, build)
