"""A small network in a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import backbones
from backbones.weights.checkpoint import Preprocessing


@pytest.fixture
def saved() -> Callable[..., Path]:
    """`saved(path, order, names, size)`: three classes; a size of 0 leaves the recipe out."""

    def save(
        path: Path,
        order: str = "RGB",
        names: tuple[str, ...] = ("red", "green", "blue"),
        size: int = 32,
        shorter_side: int = 0,
    ) -> Path:
        network = backbones.create("cifar_resnet8", num_classes=3)
        preprocessing = Preprocessing(order, 1 / 255, (0.5,) * 3, (0.25,) * 3, names)
        inputs = {"SIZE": size, "MIN_SIZE_TEST": shorter_side or size}
        backbones.save_backbone(
            path,
            arch=network.arch,
            num_classes=3,
            model=network.state_dict(),
            preprocessing=preprocessing,
            recipe={"INPUT": inputs} if size else {},
            meta={},
        )
        return path

    return save
