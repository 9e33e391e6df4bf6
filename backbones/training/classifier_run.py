"""One training run of a classifier: what changes while it trains, and how it is measured."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from backbones.data.loader import Batch, epoch_order
from backbones.data.normalize import Normalizer
from backbones.evaluation.crops import evaluate_one_crop
from backbones.freeze import recompute_statistics
from backbones.machine import distributed
from backbones.training import solver
from backbones.training.average import WeightAverage
from backbones.training.loop import Learner, LoopSettings, TrainingRun
from backbones.training.pictures import picture_of_predictions
from backbones.training.progress import Progress
from backbones.training.ranks import follow_main, gather_ranks, share_statistics
from backbones.training.report import Recipe, write_best
from backbones.training.runlog import RunLog, has_evaluation
from backbones.training.state import TrainingState, save_state, taking_up
from backbones.training.task import Batches, Split, Task
from backbones.weights.checkpoint import last


@dataclass(frozen=True)
class Care:
    """How a run is measured and kept.

    Before each evaluation statistics of batch norm are averaged over `num_precise_batches`, unless
    0; `num_pictures` are drawn at each. The `keep` newest states are kept, 0: all. The files of
    the network tell its `recipe`.
    """

    num_precise_batches: int
    num_pictures: int
    keep: int
    recipe: Recipe


@dataclass
class ClassifierRun(TrainingRun):
    """A classifier, what trains it, and what was measured so far."""

    task: Task
    batches: Batches
    normalize: Normalizer
    learner: Learner[Batch]
    average: WeightAverage | None
    progress: Progress
    settings: LoopSettings
    care: Care
    seed: int
    device: torch.device
    log: RunLog
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """Where the run leaves its files."""
        return self.log.directory

    @property
    def tested_model(self) -> nn.Module:
        """The network that is measured and kept: the average, where there is one."""
        return self.average.model if self.average else self.task.model

    def restore(self, state: TrainingState) -> None:
        """Take up weights and all that moves them, but for the random states, which come last."""
        with taking_up(last(self.directory)):
            self.task.model.load_state_dict(state.model)
            if self.average is not None:
                self.average.load_state_dict(state.average)
            solver.load_optimizer(self.learner.optimizer, state.optimizer)
            self.learner.scaler.load_state_dict(state.scaler)

    def after_step(self, done: int) -> None:
        """Close what ends with the iteration, and take the weights into the average."""
        self.progress.end_iteration(done)
        if self.average is not None:
            self.average.update(done)

    def save(self, done: int) -> None:
        """Write a state to resume from, and remove the oldest."""
        progress = self.progress.to_dict()
        ranks = gather_ranks(self.task.model, self.device, progress=progress)
        if distributed.is_main():
            state = TrainingState(
                iteration=done,
                seed=self.seed,
                arch=self.task.model.arch,
                class_names=self.task.class_names,
                preprocessing=self.task.preprocessing.to_dict(),
                progress=progress,
                model=self.task.model.state_dict(),
                average=self.average.state_dict() if self.average else None,
                optimizer=self.learner.optimizer.state_dict(),
                scaler=self.learner.scaler.state_dict(),
                ranks=ranks,
                rate_scale=self.settings.rate_scale,
            )
            save_state(self.directory, state, self.care.keep)
        distributed.barrier()

    def evaluate(self, done: int) -> Mapping[str, float]:
        """Errors on the test and the held-out images; a plateau is looked for in the latter."""
        model = self.tested_model
        if self.care.num_precise_batches:
            self._recompute_statistics(model)
        elif self.average is not None:
            follow_main(model)
        prefixes: dict[Split, str] = {"test": "", "validation": "validation_"}
        for split, prefix in prefixes.items():
            if split in self.task.splits:
                errors = evaluate_one_crop(model, self.batches.once(split), self.normalize)
                self.metrics.update({prefix + name: error for name, error in errors.items()})
        self._draw(model, done)
        watched = self.metrics.get("validation_top1_error", self.metrics.get("top1_error"))
        if watched is not None:
            lowest = min((error for _, error in self.progress.evaluation), default=math.inf)
            self.progress.evaluation.append((done, watched))
            if watched < lowest and self.settings.evaluation_period and distributed.is_main():
                write_best(self.care.recipe, self.directory, self.task, model, done, self.metrics)
        return self.metrics

    def measure_what_was_cut_off(self) -> None:
        """A state is saved before its evaluation, which a resumed run may still owe."""
        first = self.settings.start_iteration
        measured = {done for done, _ in self.progress.evaluation}
        if first and self.settings.evaluates(first) and first not in measured:
            logged = distributed.is_main() and has_evaluation(self.directory, first)
            metrics = self.evaluate(first)
            if not logged:
                self.log.scalars(first - 1, metrics)

    def image_ids(self, iteration: int, batches: Sequence[Any]) -> list[str]:
        """Names of this process's share of an iteration, as the loader drew it."""
        images, ranks = self.task.splits["train"], distributed.world_size()
        count = sum(len(labels) for _, labels in batches)
        first = iteration * self.settings.images_per_iteration + distributed.rank()
        drawn = range(first, first + count * ranks, ranks)
        places = (divmod(position // self.batches.repetitions, len(images)) for position in drawn)
        orders: dict[int, Any] = {}
        names = []
        for epoch, place in places:
            if epoch not in orders:
                orders[epoch] = epoch_order(self.seed, epoch, len(images))
            names.append(images.name(int(orders[epoch][place])))
        return names

    def _draw(self, model: nn.Module, done: int) -> None:
        """A few test images with the names they are given, for the boards."""
        split: Split = "test" if "test" in self.task.splits else "validation"
        count = self.care.num_pictures
        if count and split in self.task.splits and distributed.is_main():
            images, views = self.task.splits[split], self.task.test_views
            names = self.task.class_names
            drawn = picture_of_predictions(model, images, views, self.normalize, names, count)
            self.log.picture(done - 1, f"{split}/predictions", drawn)

    def _recompute_statistics(self, model: nn.Module) -> None:
        count = self.care.num_precise_batches
        self.log.status(f"averaging batch-norm statistics over {count} batches")
        batches = itertools.islice(self.batches.train(self.seed, 0), count)
        recompute_statistics(model, (self.normalize(images) for images, _ in batches))
        share_statistics(model)
