"""A detector at rest: canonical weights, its config, its classes, and where training stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fvcore.common.config import CfgNode
from torch import Tensor

from backbones.files import numpy_pickle
from backbones.files.digests import check_name
from backbones.weights import checkpoint
from backbones.weights.fields import (
    WAY_OUT,
    Field,
    check_fields,
    each,
    is_called,
    is_count,
    is_dict,
    is_number,
    is_positive,
    is_text,
    told,
)
from backbones.weights.soundness import check_weights
from resdet import config
from resdet.checkpoints import foreign
from resdet.data.validate import Faults, check_names

FORMAT = "resdet/1"
DETECTRON2 = "detectron2"  # `engine` of a detector with detectron2's own parts
FINAL = "model_final.pth"
BEST = "model_best.pth"
_FIELDS = (
    Field("model", "weights by name", is_dict),
    Field("config", "the text of a config", is_text),
    Field("class_names", "a list of texts", each(is_text)),
    Field("engine", "the name of an engine", is_text),
    Field("iterations", "a number of iterations", is_count),
    Field("training", "what a run goes on with, by name", is_dict),
)
# what a run keeps beside weights; of it a file that is to be resumed needs the first four
TRAINING = (
    Field("optimizer", "what it keeps by name", is_dict, needed=False),
    Field("scaler", "what it keeps by name", is_dict, needed=False),
    Field("seed", "a whole number", is_count, needed=False),
    Field("seconds", "a number", is_number, needed=False),
    Field("waited", "a number of evaluations", is_count, needed=False),
    Field("ranks", "a list of what each process keeps", each(is_dict), needed=False),
    Field("rate_scale", "a number above 0", is_positive, needed=False),
    Field("score", "a number", lambda score: isinstance(score, (int, float)), needed=False),
)
RESUMED = tuple(field._replace(needed=True) for field in TRAINING[:4])


@dataclass(frozen=True)
class DetectorCheckpoint:
    """A detector at rest: what its file holds, the config it was trained by among it.

    `training` (optimiser, scaler, best score) is empty in files that are not for resuming.
    """

    model: dict[str, Tensor]
    cfg: CfgNode
    class_names: tuple[str, ...]
    engine: str
    iteration: int
    training: dict[str, Any]

    @property
    def foreign(self) -> bool:
        """True of detectron2's own: its config is that of its kind, not one it was trained by."""
        return self.engine == DETECTRON2


def save(path: Path, state: DetectorCheckpoint) -> None:
    """Write atomically."""
    checkpoint.save(
        path,
        {
            "format": FORMAT,
            "model": state.model,
            "config": state.cfg.dump(),
            "class_names": list(state.class_names),
            "engine": state.engine,
            "iterations": state.iteration,  # not "iteration", from which detectron2 would go on
            "training": state.training,
            "matching_heuristics": True,  # detectron2 then finds places by the ends of names
        },
    )


def load(path: Path, overrides: Sequence[str] = ()) -> DetectorCheckpoint:
    """Read what `save` wrote, or a Faster R-CNN of detectron2's (.pkl, .pth), running no code.

    `overrides`, KEY VALUE pairs, say of detectron2's what the file does not: see `foreign`.
    Raises: FileNotFoundError; ValueError if the file is broken or no such detector.
    """
    path = Path(path)
    payload = _read(path)
    if not is_called(payload.get("format"), FORMAT):
        return _foreign(payload, path, overrides)
    check_fields(payload, _FIELDS, str(path))
    check_fields(payload["training"], TRAINING, f"training of {path}")
    check_weights(payload["model"], str(path))
    cfg = config.loads(payload["config"], str(path))
    names = tuple(payload["class_names"])
    _check_names(names, cfg.MODEL.ROI_HEADS.NUM_CLASSES, path)
    return DetectorCheckpoint(
        model=payload["model"],
        cfg=cfg,
        class_names=names,
        engine=payload["engine"],
        iteration=payload["iterations"],
        training=payload["training"],
    )


def _check_names(names: Sequence[str], num_classes: int, path: Path) -> None:
    """As data must name them to be trained on, and as many as the config says."""
    found = Faults(str(path))
    check_names(names, f"class_names of {path}", found)
    if len(names) != num_classes:
        found.add(
            f"class_names of {path} must be {num_classes}, its MODEL.ROI_HEADS.NUM_CLASSES, got "
            f"{len(names)}"
        )
    if found.found:
        raise ValueError(f"{'; '.join(found.found)}; {WAY_OUT}")


def holds_detector(path: Path) -> bool:
    """True of what `load` reads; of a classification network's file, False.

    Raises: FileNotFoundError; ValueError if the file is broken.
    """
    payload = _read(path)
    return is_called(payload.get("format"), FORMAT) or foreign.state_of(payload) is not None


def _read(path: Path) -> dict[str, Any]:
    if path.is_file():
        check_name(path)
    payload = numpy_pickle.load(path) if path.suffix == ".pkl" else checkpoint.load(path)
    if not isinstance(payload, dict):
        raise ValueError(f"{path} must hold a dict, got {type(payload).__name__}")
    return payload


def _foreign(payload: dict[str, Any], path: Path, overrides: Sequence[str]) -> DetectorCheckpoint:
    state = foreign.state_of(payload)
    if is_called(payload.get("format"), checkpoint.FORMAT):
        raise ValueError(
            f"checkpoint must be a detector, got {path}, which is a classification network: "
            "backbones.load reads it, and MODEL.WEIGHTS of a config starts a detector from it"
        )
    if state is None:
        raise ValueError(
            f"format of {path} must be {FORMAT!r}, got {told(payload.get('format'))}; give a "
            "model_final.pth that resdet train-det wrote, or a Faster R-CNN of detectron2"
        )
    found = foreign.from_detectron2(state, str(path), overrides)
    done = payload.get("iteration", -1)  # the last one, counted from 0
    return DetectorCheckpoint(
        model=found.model,
        cfg=found.cfg,
        class_names=found.class_names,
        engine=DETECTRON2,
        iteration=done + 1 if isinstance(done, int) else 0,
        training={},
    )
