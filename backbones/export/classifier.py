"""A classification network as a file that runs without this package, compared before written."""

from __future__ import annotations

import copy
import importlib.metadata
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backbones.data.normalize import Normalizer
from backbones.data.transforms import centre_view, scale_shorter_side
from backbones.evaluation.networks import LoadedNetwork, load_network
from backbones.export.formats import Contract, Run, contents, encode, runner, told_beside
from backbones.export.images import images_to_compare
from backbones.export.request import check_request
from backbones.files.atomic import write_together
from backbones.freeze import fold_batch_norm
from backbones.images.decoding import Image
from backbones.layers import BATCH_NORM_TYPES, FrozenBatchNorm2d, normed_convs
from backbones.peers.parts import Peer
from backbones.terminal.progress import tracked
from backbones.vgg import POOLED_SIZE, SMALLEST_INPUT, VGG
from backbones.weights.checkpoint import Preprocessing

SCORE_BOUND = 1e-3


@dataclass(frozen=True)
class Exported:
    """What was written, what it takes and gives, how it differs (a table's head and rows), and
    what stayed behind.
    """

    path: Path
    size: int
    contract: Contract
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def table(self) -> list[str]:
        """The head and the rows in columns, the first to the left, the others to the right."""
        rows = [self.head, *self.rows]
        widths = [max(map(len, column)) for column in zip(*rows)]
        return [
            "  ".join(
                cell.rjust(width) if at else cell.ljust(width)
                for at, (cell, width) in enumerate(zip(row, widths))
            )
            for row in rows
        ]


class ClassifierGraph(nn.Module):
    """(N, H, W, 3) uint8 RGB -> logits and probabilities (N, num_classes); normalises inside."""

    def __init__(self, model: nn.Module, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.model = model
        self._normalize = Normalizer(preprocessing, "cpu")

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits, scores."""
        x = self._normalize(images)
        logits = _vgg_logits(self.model, x) if isinstance(self.model, VGG) else self.model(x)
        return logits, torch.softmax(logits, -1)


def export_classifier(
    source: Path, kind: str, output: Path, images: Path | None = None
) -> Exported:
    """Export the network of a file of ours, torchvision's, timm's, ..; see `load_network`.

    The images, five of the folder or made up, go through both as the network is tested, in one
    batch, and where any size will do each at a size of its own.
    Raises: ValueError if the file is no such network, the two differ by more than the bound, or
        something is in the way.
    """
    check_request(kind, output)
    named = images_to_compare(images)
    network = load_network(str(source))
    contract = _contract(network)
    graph = ClassifierGraph(_folded(network.model), network.preprocessing).eval()
    data = encode(graph, contract, kind)
    rows = list(_compare(network, contract, runner(data, kind, contract), named))
    worst = max(difference for _, _, difference in rows)
    if not worst <= SCORE_BOUND:
        name, _, _ = max(rows, key=lambda row: row[2])
        raise ValueError(
            f"scores must differ by at most {SCORE_BOUND:g}, got {worst:.1e} on {name}; "
            f"{output} is not written: try the other --format"
        )
    size = write_together({**contents(data, kind, output), **told_beside(contract, output)})
    table = tuple((name, size, f"{difference:.1e}") for name, size, difference in rows)
    return Exported(output, size, contract, ("image", "size", "scores differ by"), table)


def describe_origin(source: Path, digest: str) -> dict[str, str]:
    """What the metadata of every exported file says of where it comes from."""
    try:
        version = importlib.metadata.version("resdet")
    except importlib.metadata.PackageNotFoundError:  # importable, and not installed
        version = "unknown"
    return {
        "resdet_version": version,
        "checkpoint": source.name,
        "checkpoint_sha256": digest,
    }


def _contract(network: LoadedNetwork) -> Contract:
    preprocessing, size = network.preprocessing, network.size
    *_, last = network.model.stage_infos().values()
    # two places at least in the last map: torch.export takes one for a size that never changes
    least = 2 * SMALLEST_INPUT if isinstance(network.model, VGG) else last.stride + 1
    # nor does it see that a shortcut of kind A is as large as the layers beside it
    skips = network.model.arch.get("shortcut") == "A"
    # nor has ONNX a pool to a number of cells, which heads of peers begin with
    cells = isinstance(network.model, Peer)
    fixed = bool(preprocessing.mean_image) or skips or cells or size < least
    axes = {0: ("batch", 1)}
    if not fixed:
        axes |= {1: ("height", least), 2: ("width", least)}
    outside = {
        "resize": f"shorter side to {network.shorter_side}, bilinear over all pixels that fall "
        f"into one (Pillow's BILINEAR); then the centre, {size} x {size}",
        "size": size,
        "shorter_side": network.shorter_side,
        "inside": "channel order, mean and standard deviation",
    }
    names = list(preprocessing.class_names or map(str, range(network.model.num_classes)))
    metadata = {
        "task": "classification",
        "class_names": json.dumps(names),
        "input": "images: uint8 (batch, height, width, 3), RGB"
        + (f", height and width {size}" if fixed else ""),
        "outputs": "logits; scores: float32 (batch, classes), softmax of the logits",
        "preprocessing": json.dumps(outside),
        "network": json.dumps(network.model.arch),
        **describe_origin(Path(network.source), network.hash),
    }
    columns = ("batch", "")
    example = torch.randint(0, 256, (2, size, size, 3), dtype=torch.uint8)
    return Contract("images", example, axes, {"logits": columns, "scores": columns}, metadata)


def _compare(
    network: LoadedNetwork, contract: Contract, run: Run, named: Sequence[tuple[str, Image]]
) -> Iterator[tuple[str, str, float]]:
    """Name, size and difference of the scores of each image, cut as in a test and then whole."""
    normalize = Normalizer(network.preprocessing, "cpu")

    @torch.inference_mode()
    def scores(batch: np.ndarray[Any, Any]) -> Tensor:
        return torch.softmax(network.model(normalize(torch.from_numpy(batch))), -1)

    size, shorter_side = network.size, network.shorter_side
    cut = np.stack([centre_view(image, size=size, shorter_side=shorter_side) for _, image in named])
    differences = np.abs(run(cut)[1] - scores(cut).numpy()).max(1)
    for (name, _), difference in zip(named, differences):
        yield name, f"{size} x {size}", float(difference)
    if 1 not in contract.axes:
        return
    for name, image in tracked(named, "comparing"):
        whole = np.ascontiguousarray(scale_shorter_side(image, shorter_side))[None]
        difference = np.abs(run(whole)[1] - scores(whole).numpy()).max()
        yield name, f"{whole.shape[2]} x {whole.shape[1]}", float(difference)


def _folded(model: nn.Module) -> nn.Module:
    """The network itself, or a copy whose norms are folded where they can be."""
    kinds = (*BATCH_NORM_TYPES, FrozenBatchNorm2d)
    if all(layer.norm is None or isinstance(layer.norm, kinds) for layer in normed_convs(model)):
        return fold_batch_norm(copy.deepcopy(model))
    return model


def _vgg_logits(model: VGG, x: Tensor) -> Tensor:
    """`VGG.forward` for any size: ONNX has no pool to 7 x 7, so it is two products."""
    x = F.max_pool2d(model.features(x, ("conv5",))["conv5"], 2)
    down, across = (_pooling(side) for side in x.shape[-2:])
    x = (down @ x @ across.t()).flatten(1)
    return model.fc8(F.relu(model.fc7(F.relu(model.fc6(x)))))


def _pooling(side: int) -> Tensor:
    """(7, side): each row averages what one place of `F.adaptive_avg_pool2d` does."""
    place = torch.arange(POOLED_SIZE)[:, None]
    first = torch.div(place * side, POOLED_SIZE, rounding_mode="floor")
    end = torch.div((place + 1) * side + POOLED_SIZE - 1, POOLED_SIZE, rounding_mode="floor")
    cell = torch.arange(side)[None]
    inside = ((cell >= first) & (cell < end)).float()
    return inside / inside.sum(1, keepdim=True)
