"""From the folders of runs to a table, and from there to the results beside the configs."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from backbones import complexity
from backbones.machine.outline import outline
from backbones.peers.highway import GATE
from backbones.registry import create
from backbones.reproduction import runs
from backbones.reproduction.experiments import (
    COUNTED,
    CROP,
    NUM_CLASSES,
    Dataset,
    Experiment,
    Network,
    Row,
)
from backbones.reproduction.tables import Line, Table

RUNS = "runs"  # folder of the output


def collect_table(
    experiment: Experiment, output: Path, published: Path | None, *, smoke: bool = False
) -> Table:
    """What `output`/runs and, where it has no run of a network, `published` hold.

    Raises: ValueError naming a file that does not hold results.
    """
    counts = bool(set(COUNTED) & set(experiment.measures))
    lines = []
    for row in experiment.rows:
        counted = count(row.network, experiment.dataset) if counts else {}
        found = runs.collect(row.network, output / RUNS, published)
        lines.append(Line.of(experiment, row, counted, found))
    return Table(experiment, lines, smoke and experiment.trains)


@functools.cache
def count(network: Network, dataset: Dataset) -> dict[str, float]:
    """Layers, parameters and multiply-adds of one crop.

    Layers are those with weights, as papers count them but for projections: a gate is a part of its
    layer.
    Unit: 10^6 parameters, 10^9 multiply-adds.
    """
    options = {"shortcut": network.shortcut, "norm": network.norm}
    arguments = {name: value for name, value in options.items() if value}
    with outline():
        model = create(network.model, num_classes=NUM_CLASSES[dataset], **arguments)
    counted = complexity.count(model, CROP[dataset])
    return {
        "layers": sum(not layer.name.endswith(f".{GATE}") for layer in counted.layers),
        "parameters": counted.parameters / 1e6,
        "multiply_adds": counted.multiply_adds / 1e9,
    }


def publish_rows(rows: Sequence[Row], output: Path, folder: Path) -> list[Path]:
    """Write the comparable runs of each row into `folder`, and return the files."""
    written = []
    for row in rows:
        found = runs.comparable(runs.collect(row.network, output / RUNS, None))
        if found:
            written.append(folder / f"{row.network.name}.json")
            runs.publish(found, written[-1])
    return written
