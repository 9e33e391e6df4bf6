"""What measuring commands write: the result, its matches and its plots."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from backbones.files.json_file import read_json

if TYPE_CHECKING:
    from resdet.evaluation.matches import Matches
    from resdet.structures.records import Dataset


def write_outputs(
    args: argparse.Namespace,
    numbers: Mapping[str, Any],
    analysis: Mapping[str, Any],
    matches: Matches,
    dataset: Dataset,
) -> None:
    """What --json and --plots ask for, each file named when it is there."""
    if args.json:
        from resdet.evaluation.record import write_result

        content = {**config_of(args), **numbers, "analysis": analysis}
        content["sources"] = sources_of(args, dataset)
        if tested := getattr(args, "tested", ""):
            content["testing"] = tested
        if ran_by := getattr(args, "ran_by", ""):
            content["ran_by"] = ran_by
        write_result(args.json, content, matches, dataset, args.images)
        print(f"written: {args.json}")
    if args.plots:
        from resdet.visualization.plots import write_plots

        for plot in write_plots(args.plots, matches, analysis):
            print(f"written: {plot}")


def config_of(args: argparse.Namespace) -> dict[str, str]:
    """{"config": its name} where detections or checkpoint lie in the folder of a training run."""
    try:
        run = read_json((args.checkpoint or args.detections).parent / "results.json")
    except (OSError, ValueError):
        return {}
    name = run.get("config") if isinstance(run, dict) and "metrics" in run else None
    return {"config": name} if isinstance(name, str) else {}


def sources_of(args: argparse.Namespace, dataset: Dataset) -> dict[str, Any]:
    """The options that named the files, and how their corners are counted."""
    paths = {name: getattr(args, name) for name in ("detections", "annotations", "data")}
    told: dict[str, Any] = {name: str(path.absolute()) for name, path in paths.items() if path}
    if args.data:
        told |= {name: getattr(args, name) for name in ("class_names", "voc_corners")}
        told["split"] = dataset.split
    return {**told, "corners": dataset.corners.way if dataset.corners else None}
