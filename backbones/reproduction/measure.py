"""Train and test what a table needs; what is finished already is not done again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from backbones.config import load_classification
from backbones.data.images import open_images, open_test
from backbones.data.loader import make_test_batches
from backbones.data.normalize import Normalizer
from backbones.evaluation.networks import LoadedNetwork, load_network
from backbones.evaluation.protocol import Protocol, Test, evaluate_networks
from backbones.evaluation.statistics import training_views
from backbones.machine import distributed
from backbones.reproduction import runs
from backbones.reproduction.collect import RUNS
from backbones.reproduction.experiments import SMOKE, SMOKE_MEMBERS, Experiment, Network, Row
from backbones.reproduction.smoke import copy_few
from backbones.responses import layer_responses
from backbones.training.alone import alone
from backbones.training.classification import train_classifier
from backbones.training.report import FINAL, finished_results
from backbones.training.results import PROVENANCE, RESULTS
from backbones.weights.checkpoint import last

RESPONSE_BATCH, RESPONSE_BATCHES = 100, 10  # test images that layer responses are taken over


@dataclass(frozen=True)
class Plan:
    """On which images, into which folder, by how many seeds, under which keys beside the config.

    `kind` is how the images are stored; `told` the keys that a table must name; of an ensemble
    the first `members` are trained, or all.
    """

    data: Path
    kind: str
    runs: Path
    seeds: int
    keys: Mapping[str, str]
    told: tuple[str, ...]
    members: int | None = None

    @property
    def device(self) -> torch.device:
        """That of the training."""
        return distributed.device(self.keys.get("MODEL.DEVICE", ""))


def make_plan(
    experiment: Experiment,
    data: Path,
    output: Path,
    seeds: int,
    overrides: Sequence[str],
    *,
    smoke: bool,
) -> Plan:
    """The plan at full scale, or that of a smoke on a few of the images.

    Raises: ValueError if `data` holds no images or the overrides are no pairs.
    """
    if len(overrides) % 2:
        raise ValueError(f"overrides must be KEY VALUE pairs, got {' '.join(overrides)!r}")
    pairs = dict(zip(overrides[::2], overrides[1::2]))
    kind = _kind(data, experiment)
    keys = {**SMOKE[experiment.dataset], **pairs} if smoke else pairs
    if smoke:
        data = copy_few(data, output / "data")
    members = SMOKE_MEMBERS if smoke else None
    return Plan(data, kind, output / RUNS, seeds, keys, tuple(overrides), members)


def measure_row(experiment: Experiment, row: Row, plan: Plan) -> None:
    """Leave in the folders of runs all that the row needs.

    Raises: ConfigError; ValueError for data that do not fit, or a loss not finite.
    """
    if row.members:
        members = row.members[: plan.members]
        folders = [train_network(network, seed, plan) for network, seed in members]
        _measure_ensemble(row.network, folders, experiment.test, plan)
        return
    for seed in range(1, plan.seeds + 1):
        folder = train_network(row.network, seed, plan)
        run = runs.read_run(folder)
        if not run.errors(experiment.test):
            tested = _test([folder], experiment.test, plan)
            runs.add(folder, {"tests": {experiment.test: tested}})
        if experiment.picture == "responses" and not run.responses:
            runs.add(folder, {"responses": _responses(folder, plan)})


def train_network(network: Network, seed: int, plan: Plan) -> Path:
    """The folder of a finished run, which may go on from where it was interrupted."""
    folder = runs.run_folder(network, plan.runs, seed)
    keys = {**network.overrides, **plan.keys, "DATASETS.ROOT": str(plan.data), "SEED": str(seed)}
    cfg = load_classification(network.config, [text for pair in keys.items() for text in pair])
    if finished_results(cfg, folder) is None:
        with alone(folder):
            runs.check_begun(folder, plan.told)
            runs.add(folder, {"data": plan.kind, "overrides": list(plan.told)})
            train_classifier(cfg, folder, resume=last(folder) is not None)
        return folder
    print(f"{folder} is finished already")
    if "data" not in runs.read_run(folder).values:  # resdet train-backbone trained it
        runs.add(folder, {"data": plan.kind})
    return folder


def _measure_ensemble(network: Network, folders: Sequence[Path], test: Test, plan: Plan) -> None:
    """Results under the ensemble's own name, as of a run: its conditions are its members'."""
    folder = runs.run_folder(network, plan.runs, 1)
    if (folder / RESULTS).is_file():
        return
    deepest = runs.read_run(folders[-1]).values
    told = ("num_classes", "num_images", "iterations", *PROVENANCE)
    shared = {key: deepest[key] for key in told if key in deepest}
    tested = _test(folders, test, plan)
    runs.add(folder, {"data": plan.kind, "overrides": list(plan.told), "tests": {test: tested}})
    members = [path.name for path in folders]
    runs.write(folder, {"metrics": {}, "members": members, **shared})


def _test(folders: Sequence[Path], test: Test, plan: Plan) -> dict[str, float]:
    """Errors of the networks of these folders, together."""
    networks = [load_network(str(folder / FINAL)) for folder in folders]
    workers = networks[0].recipe["DATALOADER"]["NUM_WORKERS"]
    protocol = Protocol(test, num_workers=workers)
    return evaluate_networks(networks, plan.data, protocol, plan.device).metrics


def _responses(folder: Path, plan: Plan) -> list[list[Any]]:
    """[layer, standard deviation], ... over test images."""
    network = load_network(str(folder / FINAL))
    network.model.to(plan.device)
    found = layer_responses(network.model, _inputs(network, plan))
    return [[name, round(std, 6)] for name, std in found]


def _inputs(network: LoadedNetwork, plan: Plan) -> Iterator[Tensor]:
    images = open_test(plan.data, network.preprocessing.class_names)
    batches = make_test_batches(images, training_views(network), batch_size=RESPONSE_BATCH)
    normalize = Normalizer(network.preprocessing, plan.device)
    return (normalize(batch) for batch, _ in islice(batches, RESPONSE_BATCHES))


def _kind(root: Path, experiment: Experiment) -> str:
    """CIFAR-10 was published as pixels, ImageNet as JPEG: what departs from that is told."""
    name = open_images(root).train.name(0).lower()
    copied = experiment.dataset == "CIFAR-10" and name.endswith((".jpg", ".jpeg"))
    return "JPEG copies" if copied else ""
