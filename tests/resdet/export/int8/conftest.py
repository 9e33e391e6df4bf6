"""A tiny detector as OpenVINO has it, and pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def plain(exported: tuple[Path, Path]) -> Any:
    """In float."""
    for package in ("openvino", "nncf"):
        pytest.importorskip(package)
    from backbones.export.openvino_ir import from_onnx

    return from_onnx(exported[1].read_bytes())


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Five, as many as a test of machinery needs."""
    from backbones.export.images import images_to_compare

    made = tmp_path_factory.mktemp("pictures")
    for at, (_, image) in enumerate(images_to_compare(None)):
        cv2.imwrite(str(made / f"{at}.png"), cv2.resize(image, (96, 80)))
    return sorted(made.iterdir())


@pytest.fixture(scope="session")
def read() -> Callable[[Path], Any]:
    """What the model takes of a picture."""
    return lambda path: np.ascontiguousarray(cv2.imread(str(path)))


@pytest.fixture(scope="session")
def quantised(plain: Any, pictures: list[Path], read: Callable[[Path], Any]) -> Any:
    """In int8."""
    from resdet.export.int8.quantise import quantise

    return quantise(plain, pictures, read)
