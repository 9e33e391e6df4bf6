"""The tests of Tables 9 to 11: each made once, of detectors that are trained once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbones.reproduction import runs
from backbones.reproduction.written import read_written
from backbones.training.results import RESULTS
from resdet import config, engines
from resdet.checkpoints.checkpoint import FINAL
from resdet.evaluation.voc.comp4 import read_comp4
from resdet.evaluation.voc.submission import write_submission
from resdet.reproduction.improved_rows import COCO_MEASURES, MAP, MAXOUT, STARTS, System, Table
from resdet.reproduction.pair_data import Keys, as_pairs, check_sets
from resdet.reproduction.pair_runs import SUBMISSION, Run
from resdet.reproduction.server import SERVER, answered
from resdet.structures.classes import VOC_CLASSES
from resdet.training.evaluation import COCO_RESULTS, VOC_RESULTS
from resdet.training.train import evaluate_checkpoint

_PAPER_SIDE = 600  # of images, to which the sizes of multi-scale testing are


@dataclass(frozen=True)
class Bench:
    """Where detectors are trained and tested, by `keys` above every config; without `data` none is.

    In `published` lie results of what was not measured here.
    """

    runs: Path
    tests: Path
    data: Path | None
    keys: Keys
    published: Path | None = None

    def check_sets(self, systems: Iterable[System]) -> None:
        """Find out before the work whether all is there that the tests yet to make need.

        Raises: ValueError with the sets that `data` lacks.
        """
        missing = [system.config for system in systems if self.results(system) is None]
        started = [STARTS[name] for name in missing if name in STARTS]
        if self.data:
            check_sets([*missing, *started], self.keys, self.data)

    def place(self, system: System) -> Path:
        """The folder of its results."""
        return self._run(system.config) if system.is_run else self.tests / system.name

    def results(self, system: System) -> Path | None:
        """The file, or that which is published; None of what was not measured."""
        published = [self.published / f"{system.name}.json"] if self.published else []
        files = [self.place(system) / RESULTS, *published]
        return next((file for file in files if file.is_file()), None)

    def measure(self, system: System) -> None:
        """Train what it needs, and test, where it is not done. Raises: as `Run.train`."""
        found = self.results(system)
        if self.data is None or (found and found.parent == self.published):
            return
        first, *others = (self._trained(system, seed + 1) for seed in range(system.members))
        if found or system.is_run:
            return
        ensemble = {"TEST.ENSEMBLE": list(map(str, others))} if others else {}
        cfg = config.load(system.config, as_pairs(self._keys(system) | ensemble))
        config.check(cfg, training=False)
        evaluate_checkpoint(cfg, engines.load("tv"), system.name, self.place(system), first)

    def values(self, system: System, table: Table) -> Sequence[float | None]:
        """Percent of each measure of the table; None for those of which nothing is known.

        Raises: ValueError for an answer of a server that is none, and a file without the measures.
        """
        file, answer = self.results(system), self.place(system) / SERVER
        metrics = read_written(file, "metrics")["metrics"] if file else {}
        scores: Any = next(iter(metrics.values()), None)
        if not scores:
            return answered(answer, table.measures)
        try:
            found = _by_measure(scores, table)
            return [None if (v := found[name]) is None else 100 * v for name in table.measures]
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"{file} must hold {', '.join(table.measures)} by the rules of {table.metric}, got "
                f"{scores!r:.80} ({error}); take a whole copy, or remove it to measure again"
            ) from None

    def to_send(self, system: System) -> Path | None:
        """What a server measures, where it alone knows the objects; written where it is not yet.

        Raises: as `write_submission`.
        """
        file, place = self.place(system) / RESULTS, self.place(system)
        if not file.is_file() or any(read_written(file, "metrics")["metrics"].values()):
            return None
        if not (place / VOC_RESULTS).is_dir():
            return place / f"{COCO_RESULTS}.json"
        path = place / SUBMISSION
        if not path.is_file():
            write_submission(path, read_comp4(place / VOC_RESULTS, VOC_CLASSES), VOC_CLASSES)
        return path

    def _run(self, name: str, seed: int = 1) -> Path:
        return self.runs / f"{name}-seed{seed}"

    def _trained(self, system: System, seed: int) -> Path:
        """The detector of a seed, trained where it is not yet."""
        folder, start = self._run(system.config, seed), STARTS.get(system.config)
        weights = {"MODEL.WEIGHTS": (self._run(start) / FINAL).absolute()} if start else {}
        keys = self._keys(System(system.config)) | {"SEED": seed, **weights}
        run = Run(system.config, folder, as_pairs(keys))
        if (folder / RESULTS).is_file():
            runs.check_begun(folder, run.pairs)
            return folder / FINAL
        if start:
            self._trained(System(start), 1)
        run.train()
        return folder / FINAL

    def _keys(self, system: System) -> dict[str, Any]:
        """Sizes of multi-scale testing in proportion to the images'."""
        told = dict(zip(system.testing[::2], system.testing[1::2]))
        cfg = config.load(system.config, as_pairs({**told, **self.keys}))
        share = cfg.INPUT.MIN_SIZE_TEST / _PAPER_SIDE
        sizes = [round(size * share) for size in cfg.TEST.MAXOUT_SIZES]
        return {**told, **({MAXOUT[0]: sizes} if sizes else {}), **self.keys}


def _by_measure(scores: Mapping[str, Any], table: Table) -> Mapping[str, float | None]:
    if table.metric == "COCO":
        return {name: scores[key] for name, key in COCO_MEASURES.items()}
    rule = scores[table.metric]
    of_all = {MAP: rule["mAP"], **rule["per_class"]}
    return {name: value["0.50"] for name, value in of_all.items()}
