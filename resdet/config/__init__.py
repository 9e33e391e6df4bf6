"""Configuration in detectron2's vocabulary: `load`, `check`, `default_config`."""

from backbones.config.keys import get
from backbones.config.load import ConfigError
from resdet.config.check import check
from resdet.config.load import CONFIG_FOLDER, fill, load, loads, read
from resdet.config.schema import add_resdet_config, default_config

__all__ = [
    "CONFIG_FOLDER",
    "ConfigError",
    "add_resdet_config",
    "check",
    "default_config",
    "fill",
    "get",
    "load",
    "loads",
    "read",
]
