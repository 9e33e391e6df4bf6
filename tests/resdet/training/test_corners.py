"""The corners of a run."""

import pytest
import torch

from resdet.checkpoints import checkpoint
from resdet.checkpoints.checkpoint import DetectorCheckpoint
from resdet.structures.corners import AUTO
from resdet.training.corners import counted_by

ONE = ("MODEL.ROI_HEADS.NUM_CLASSES", "1")


def store(path, cfg):
    weights = {"w": torch.ones(1)}
    checkpoint.save(path, DetectorCheckpoint(weights, cfg, ("cat",), "tv", 0, training={}))
    return path


@pytest.mark.parametrize("root", ["~nobody-is-called-so/a", "a\0b", ""])
def test_a_folder_that_cannot_be_is_of_other_data(small_config, tmp_path, root):
    cfg = small_config("DATASETS.VOC_CORNERS", "0-inclusive", *ONE)
    cfg.DATASETS.ROOT = root
    assert counted_by(store(tmp_path / "model.pth", cfg), tmp_path) == AUTO


def test_the_way_of_a_run_holds_for_its_own_data(small_config, tmp_path):
    root = tmp_path / "photos" / "inner"
    root.mkdir(parents=True)
    cfg = small_config("DATASETS.ROOT", str(root), "DATASETS.VOC_CORNERS", "0-inclusive", *ONE)
    (tmp_path / "config.yaml").write_text(cfg.dump())
    store(tmp_path / "model.pth", cfg)
    for file in (tmp_path / "config.yaml", tmp_path / "model.pth"):
        assert counted_by(file, root) == "0-inclusive"
        assert counted_by(file, root.parent) == "0-inclusive"  # which wraps it
        assert counted_by(file, tmp_path / "others") == AUTO
    with pytest.raises(FileNotFoundError):
        counted_by(tmp_path / "gone.pth", root)
