"""Configuration of classification in detectron2's words: `load_classification`, `check`."""

from fvcore.common.config import CfgNode

from backbones.config.check import check
from backbones.config.classification import CONFIG_FOLDER, load_classification
from backbones.config.load import ConfigError
from backbones.config.schema import default_config

__all__ = [
    "CONFIG_FOLDER",
    "CfgNode",
    "ConfigError",
    "check",
    "default_config",
    "load_classification",
]
