"""Configuration of classification in detectron2's words: `load_classification`, `check`."""

from fvcore.common.config import CfgNode

from backbones.config.load import ConfigError
from backbones.config.schema import CONFIG_FOLDER, check, default_config, load_classification

__all__ = [
    "CONFIG_FOLDER",
    "CfgNode",
    "ConfigError",
    "check",
    "default_config",
    "load_classification",
]
