"""Several detectors as one: the union of their regions, the mean of what their heads say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from resdet.checkpoints import checkpoint
from resdet.detector.build import load_model
from resdet.detector.extras.network import Network, build_network
from resdet.engines.protocol import Engine
from resdet.modeling.predictions import Predictions


def load_members(
    paths: Sequence[str], engine: Engine, class_names: Sequence[str]
) -> tuple[Network, ...]:
    """The detectors of these checkpoints, to run beside one that knows `class_names`.

    Raises: FileNotFoundError; ValueError if a file is no detector, or of other classes.
    """
    members = []
    for path in paths:
        saved = checkpoint.load(Path(path))
        if tuple(saved.class_names) != tuple(class_names):
            raise ValueError(
                f"TEST.ENSEMBLE must be detectors of the same classes ({', '.join(class_names)}), "
                f"got {path} of {', '.join(saved.class_names)}; leave it out"
            )
        model, cfg, _ = load_model(saved, engine, path)
        engine.speed_up(model)
        members.append(build_network(cfg, model.eval(), engine))
    return tuple(members)


def union(proposals: Sequence[Tensor]) -> Tensor:
    """All regions, each once, in the order in which the detectors propose them.

    Shape: (P_i, 4) of each detector -> (P, 4).
    Source: He et al. 2016, Appendix B, "Ensemble".
    """
    if len(proposals) == 1:
        return proposals[0]
    boxes = torch.cat(list(proposals))
    _, group = torch.unique(boxes, dim=0, return_inverse=True)
    places = torch.arange(len(boxes), device=boxes.device)
    first = torch.full_like(places, len(boxes)).scatter_reduce(0, group, places, "amin")
    return boxes[first[group] == places]


def mean(predictions: Sequence[Predictions]) -> Predictions:
    """Scores and boxes of each region, over the detectors."""
    if len(predictions) == 1:
        return predictions[0]
    return Predictions(*(torch.stack(column).mean(0) for column in zip(*predictions)))
