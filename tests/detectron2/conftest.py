"""The synthetic shapes in detectron2's own catalog, and its config of our small detector."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from resdet import engines

TRAIN, TEST = "resdet_shapes_trainval", "resdet_shapes_test"


@pytest.fixture(scope="session")
def shapes_catalog(shapes_root: Path) -> tuple[str, str]:
    """Names of the two splits, as `register_pascal_voc` made them."""
    pytest.importorskip("detectron2")
    from detectron2.data import MetadataCatalog
    from detectron2.data.datasets.pascal_voc import register_pascal_voc

    from resdet.data.shapes.draw import SHAPE_CLASSES

    for name in (TRAIN, TEST):
        register_pascal_voc(name, str(shapes_root), name.rsplit("_", 1)[1], 2012, SHAPE_CLASSES)
        MetadataCatalog.get(name).evaluator_type = "pascal_voc"
    return TRAIN, TEST


@pytest.fixture
def native_config(small_config, shapes_catalog) -> Callable:
    """detectron2's config of `small_config(...)`, on detectron2's own data."""
    from resdet.engines.d2 import to_detectron2

    def make(*overrides: str, base: str = "shapes_r18"):  # type: ignore[no-untyped-def]
        cfg = to_detectron2(small_config(*overrides, base=base))
        cfg.MODEL.DEVICE = "cpu"
        cfg.DATASETS.TRAIN, cfg.DATASETS.TEST = shapes_catalog[:1], shapes_catalog[1:]
        return cfg

    return make


@pytest.fixture
def trained(small_config, tmp_path: Path) -> Path:
    """A detector that train-det would have left after one iteration on engine tv."""
    from resdet.training.train import train_detector

    cfg = small_config(
        *("SOLVER.MAX_ITER", "1", "DATASETS.TEST", "()", "MODEL.RESNETS.NORM", "FrozenBN"),
        *("MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.0"),
    )
    train_detector(cfg, engines.load("tv"), "test", tmp_path / "trained")
    return tmp_path / "trained" / "model_final.pth"
