"""DATASETS.*, INPUT.* and DATALOADER.* into records and batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from fvcore.common.config import CfgNode

from backbones.machine import distributed
from backbones.terminal.patience import waiting
from backbones.terminal.wording import count
from resdet.config import ConfigError
from resdet.data.catalog import load_dataset
from resdet.data.check_usable import shared_images, usable
from resdet.data.labels import labelled_by
from resdet.data.loader import DetectionDataset, train_batches
from resdet.data.mosaic import Mosaic
from resdet.data.taking_part import Tally, nothing_to_learn, tally_of
from resdet.data.transforms import TrainTransform
from resdet.data.validate import SHOWN, listing, logger
from resdet.engines.samples import Sample
from resdet.structures.records import Dataset


def load_datasets(cfg: CfgNode, names: Sequence[str], *, training: int = 0) -> list[Dataset]:
    """Read every named dataset and look at the heads of its images.

    The first `training` are to train on: what can be passed over there is left out, and counted
    aloud. The others are to measure on, which goes by all images or by none.
    Raises: ConfigError if one has objects of classes that the first has not, or the classes of
        that are not MODEL.ROI_HEADS.NUM_CLASSES many;
        ValueError with the faults of all datasets, or where there is nothing to learn.
    """
    datasets = _of_one_order(_read(cfg, names))
    for dataset in datasets[:1]:
        _check_classes(cfg, dataset)
    checked, lines, faults = [], [], []
    for at, dataset in enumerate(datasets):
        use, told, found = usable(dataset, training=at < training)
        checked.append(use)
        lines += [*use.remarks, *told]
        if found:
            many = ", more than a tenth" if at < training else ""
            faults.append(f"{dataset.name} has images that cannot be used{many}:\n{listing(found)}")
    if faults:
        hint = "resdet check-data tells more, and with --fix writes a corrected copy"
        raise ValueError("\n".join([*dict.fromkeys(faults), hint]))
    lines += _told_of_classes(cfg, checked[:training])
    lines += shared_images(checked[:training], checked[training:])
    if distributed.is_main():
        for line in dict.fromkeys(lines):
            logger.warning(line)
    return checked


def _told_of_classes(cfg: CfgNode, trains: Sequence[Dataset]) -> list[str]:
    """A line for classes of which no object takes part in training, or none.

    Raises: ValueError if no object of any does.
    """
    if not trains:
        return []
    told = tally_objects(cfg, trains)
    if fault := nothing_to_learn(", ".join(dataset.name for dataset in trains), told):
        raise ValueError(fault)
    never = [f"{name} ({why or 'no object'})" for name, why in told.never_learnt()]
    more = ", ..." * (len(never) > SHOWN)
    what = f"{count(len(never), 'class', 'classes')} never learnt, no object takes part in training"
    return [f"{what}: {', '.join(never[:SHOWN])}{more}"] if never else []


def tally_objects(cfg: CfgNode, datasets: Sequence[Dataset]) -> Tally:
    """How many objects take part in training, and why the others do not."""
    records = (record for dataset in datasets for record in dataset.records)
    return tally_of(datasets[0].class_names, records, cfg.DATASETS.USE_DIFFICULT)


def _read(cfg: CfgNode, names: Sequence[str]) -> list[Dataset]:
    root = Path(cfg.DATASETS.ROOT).expanduser() if cfg.DATASETS.ROOT else None
    classes, corners = tuple(cfg.DATASETS.CLASSES), cfg.DATASETS.VOC_CORNERS
    datasets, faults = [], []
    for name in names:
        try:
            with waiting(f"reading the annotations of {name}"):
                datasets.append(load_dataset(name, root, class_names=classes, corners=corners))
        except ValueError as fault:
            faults.append(str(fault))
    if faults:
        raise ValueError("\n".join(dict.fromkeys(faults)))
    return datasets


def _of_one_order(datasets: Sequence[Dataset]) -> list[Dataset]:
    """With the labels of the first, which is the first that is trained on.

    Raises: ConfigError if one has objects of other classes.
    """
    made, faults = [], []
    for dataset in datasets:
        try:
            made.append(labelled_by(dataset, datasets[0].class_names))
        except ValueError as fault:
            faults.append(str(fault))
    if faults:
        raise ConfigError("DATASETS", faults)
    return made


def _check_classes(cfg: CfgNode, dataset: Dataset) -> None:
    own, expected = len(dataset.class_names), cfg.MODEL.ROI_HEADS.NUM_CLASSES
    if own != expected:
        fault = (
            f"MODEL.ROI_HEADS.NUM_CLASSES must be {own}, the classes of {dataset.name} "
            f"({', '.join(dataset.class_names[:SHOWN])}{', ...' if own > SHOWN else ''}), "
            f"got {expected}; set it to {own}"
        )
        raise ConfigError("DATASETS", [fault])


def training_batches(
    cfg: CfgNode, datasets: Sequence[Dataset], seed: int, start_iteration: int
) -> Iterator[list[Sample]]:
    """Endless batches of this process's share, as an uninterrupted run would see them."""
    records = [record for dataset in datasets for record in dataset.records]
    crop = cfg.INPUT.CROP
    transform = TrainTransform(
        tuple(cfg.INPUT.MIN_SIZE_TRAIN),
        cfg.INPUT.MAX_SIZE_TRAIN,
        flip=0.5 if cfg.INPUT.RANDOM_FLIP == "horizontal" else 0.0,
        scale_jitter=tuple(cfg.INPUT.SCALE_JITTER),
        color_jitter=cfg.INPUT.COLOR_JITTER,
        crop=tuple(crop.SIZE) if crop.ENABLED else None,
    )
    draws = round(cfg.INPUT.MOSAIC_UNTIL * cfg.SOLVER.MAX_ITER * cfg.SOLVER.IMS_PER_BATCH)
    dataset = DetectionDataset(
        records,
        transform,
        channel_order=cfg.INPUT.FORMAT,
        seed=seed,
        use_difficult=cfg.DATASETS.USE_DIFFICULT,
        mosaic=Mosaic(transform, cfg.INPUT.MOSAIC, draws) if cfg.INPUT.MOSAIC else None,
    )
    return train_batches(
        dataset,
        batch_size=images_per_process(cfg),
        num_workers=cfg.DATALOADER.NUM_WORKERS,
        aspect_ratio_grouping=cfg.DATALOADER.ASPECT_RATIO_GROUPING,
        rank=distributed.rank(),
        world_size=distributed.world_size(),
        start_iteration=start_iteration,
        filter_empty=cfg.DATALOADER.FILTER_EMPTY_ANNOTATIONS,
    )


def images_per_process(cfg: CfgNode) -> int:
    """This process's share of SOLVER.IMS_PER_BATCH. Raises: ConfigError if it does not divide."""
    batch, processes = cfg.SOLVER.IMS_PER_BATCH, distributed.world_size()
    if batch % processes:
        fault = f"SOLVER.IMS_PER_BATCH must be a multiple of {processes} processes, got {batch}"
        raise ConfigError("config", [fault])
    return int(batch // processes)
