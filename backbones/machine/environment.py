"""What a result was made with: no name of the machine and no kernel."""

from __future__ import annotations

import platform
from typing import Any

from backbones.machine.hardware import available_cores, cpu_model
from backbones.machine.versions import installed

_PACKAGES = (
    "resdet",
    "torch",
    "torchvision",
    "detectron2",
    "numpy",
    "opencv-python-headless",
    "albumentations",
    "pycocotools",
    "faster-coco-eval",
)


def environment() -> dict[str, Any]:
    """Python, system, processor and package versions; imports none of the packages."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": cpu_model(),
        "cores": available_cores(),
        "packages": {name: version for name in _PACKAGES if (version := installed(name))},
    }
