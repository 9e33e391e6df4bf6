"""Tables 1 to 6 and the figures of training: networks as classifiers."""

from __future__ import annotations

from pathlib import Path

from backbones import config
from backbones.reproduction import collect, measure
from backbones.reproduction.experiments import EXPERIMENTS, find_rows
from backbones.reproduction.sheet import Sheet
from resdet.data.shapes.make import make_shape_crops
from resdet.reproduction.request import Request
from resdet.reproduction.smoke import smoke_shapes


def reproduce(request: Request) -> Sheet:
    """Train and test the rows asked for where there is data; collect all rows.

    A smoke needs none: it writes crops of shapes.
    Raises: ConfigError; ValueError for a row that is not there and data that do not fit.
    """
    experiment = EXPERIMENTS[request.target]
    chosen = find_rows(experiment.rows, request.only)
    folder, smoke = request.folder, request.smoke
    data = request.data or (_crops(folder) if smoke and experiment.trains else None)
    if data and experiment.trains:
        plan = measure.make_plan(
            experiment, data, folder, request.seeds, request.overrides, smoke=smoke
        )
        for row in chosen:
            print(f"{request.target}: {row.label}", flush=True)
            measure.measure_row(experiment, row, plan)
    published = None if smoke else config.CONFIG_FOLDER
    table = collect.collect_table(experiment, folder, published, smoke=smoke)
    picture = folder / f"{request.target}.png"
    folder.mkdir(parents=True, exist_ok=True)
    table.plot(picture)
    written = collect.publish_rows(chosen, folder, config.CONFIG_FOLDER) if request.publish else []
    return table.sheet([picture], written)


def _crops(folder: Path) -> Path:
    make_shape_crops(smoke_shapes(folder), folder / "crops")
    return folder / "crops"
