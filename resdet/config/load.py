"""A detection config by bare name or path, and back from the text a checkpoint carries."""

from __future__ import annotations

from collections.abc import Sequence

from fvcore.common.config import CfgNode

from backbones.config import load as loader
from backbones.config.load import Source
from backbones.files.shipped import folder
from resdet.config.schema import default_config

CONFIG_FOLDER = folder("configs") / "detection"


def load(name_or_path: str, overrides: Sequence[str] = ()) -> CfgNode:
    """`coco_r101`, `coco_r101.yaml` or a path, then `KEY VALUE` pairs.

    Raises: ConfigError with every fault at once.
    """
    return fill(read(name_or_path), overrides)


def read(name_or_path: str) -> Source:
    """The values of a config, of which `fill` makes any number. Raises: ConfigError."""
    return loader.read(name_or_path, CONFIG_FOLDER)


def fill(source: Source, overrides: Sequence[str] = ()) -> CfgNode:
    """`load` of what was read. Raises: ConfigError with every fault at once."""
    return loader.fill(default_config(), source, overrides)


def loads(text: str, source: str, overrides: Sequence[str] = ()) -> CfgNode:
    """The config a checkpoint carries as YAML text. Raises: ConfigError."""
    return loader.loads(default_config(), text, source, overrides)
