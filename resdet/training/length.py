"""How many images an epoch of a detector has, and a run of so many epochs."""

from __future__ import annotations

from collections.abc import Sequence

from fvcore.common.config import CfgNode

from backbones.training import length
from resdet.data.loader import DetectionDataset
from resdet.data.transforms import TestTransform
from resdet.data.validate import unheard
from resdet.structures.records import Dataset
from resdet.training.datasets import load_datasets


def count_images(cfg: CfgNode, datasets: Sequence[Dataset]) -> int:
    """Those that training shows: all, or all with boxes to learn from."""
    records = [record for dataset in datasets for record in dataset.records]
    if not cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS:
        return len(records)
    resize = TestTransform(cfg.INPUT.MIN_SIZE_TEST, cfg.INPUT.MAX_SIZE_TEST)
    shown = DetectionDataset(records, resize, use_difficult=cfg.DATASETS.USE_DIFFICULT)
    return len(shown.with_boxes())


def in_epochs(cfg: CfgNode, epochs: float, fixed: Sequence[str]) -> tuple[list[str], list[str]]:
    """As `backbones.training.length`, of DATASETS.TRAIN. Raises: as `load_datasets`."""
    names = cfg.DATASETS.TRAIN
    with unheard():  # what is passed over is told where it is read to be trained
        trains = load_datasets(cfg, names, training=len(names))
    return length.in_epochs(cfg, epochs, count_images(cfg, trains), fixed)
