"""A detection config by bare name or path, and back from the text a checkpoint carries."""

from __future__ import annotations

from collections.abc import Sequence

from fvcore.common.config import CfgNode

from backbones.config import load as loader
from backbones.files.shipped import folder
from resdet.config.schema import default_config

CONFIG_FOLDER = folder("configs") / "detection"


def load(name_or_path: str, overrides: Sequence[str] = ()) -> CfgNode:
    """`coco_r101`, `coco_r101.yaml` or a path, then `KEY VALUE` pairs.

    Raises: ConfigError with every fault at once.
    """
    return loader.load(default_config(), name_or_path, overrides, folder=CONFIG_FOLDER)


def loads(text: str, source: str, overrides: Sequence[str] = ()) -> CfgNode:
    """The config a checkpoint carries as YAML text. Raises: ConfigError."""
    return loader.loads(default_config(), text, source, overrides)
