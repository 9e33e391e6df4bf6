"""The tables of README and docs, each a pure function of the JSON beside the configs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from backbones.files.json_file import read_json
from backbones.training.results import Provenance
from resdet.benchmarks import evaluation
from resdet.evaluation.comparison.paper import TABLE_7, TABLE_8
from resdet.reproduction.extras_table import FILE, extras_sheet
from resdet.reproduction.pair_sections import beside_paper
from resdet.reproduction.pair_sheet import lines_of, pair_sheet
from resdet.reproduction.pair_tables import TABLES
from tools.docs import markdown
from tools.docs.int8_table import int8_table
from tools.docs.runtimes_table import runtimes_table

# configs of the paper: what they are trained and tested on, and which of the numbers it prints
_DATA = {
    "voc0712": ("07+12, VOC 2007 test", ("11point", "mAP", "0.50")),
    "voc07pp12": ("07++12, VOC 2012 test", ("area", "mAP", "0.50")),
    "coco": ("COCO train, val, mAP@[.5,.95]", ("AP",)),
}
_NETWORKS = {"vgg16": "VGG-16", "r101": "ResNet-101"}
NOT_MEASURED = "not measured"
RUNTIMES = Path(__file__).resolve().parents[1] / "runtimes" / "measured.json"


def tables(configs: Path) -> dict[str, Callable[[], str]]:
    """By the name of its mark, how each table is made from the files below `configs`."""
    detection, measured = configs / "detection", configs / "benchmarks" / "all.json"
    return {
        "paper": lambda: paper_table(detection),
        "table6": lambda: table_6(configs / "backbones"),
        "networks": networks_table,
        "shapes": lambda: own_table(detection, "shapes_vgg16", "shapes_r18"),
        "own": lambda: own_data_table(read_json(detection / "own_r18.json")),
        "recipe": lambda: recipe_table(read_json(detection / "own_r18.json"), "parts", "with"),
        "corners": lambda: corners_table(read_json(detection / "own_r18.json")),
        "tried": lambda: recipe_table(read_json(detection / "own_r18.json"), "tried", "tried"),
        "extras": lambda: extras_sheet(read_json(detection / FILE)).table(),
        "table7-small": lambda: pairs_table(detection / "table7.json"),
        "table8-small": lambda: pairs_table(detection / "table8.json"),
        "speed": lambda: speed_table(measured),
        "evaluation": lambda: evaluation_table(measured),
        "int8": lambda: int8_table(read_json(configs / "benchmarks" / "int8.json")),
        "runtimes": lambda: runtimes_table(read_json(RUNTIMES)),
    }


def with_tables(text: str, configs: Path) -> str:
    """`text` with each table between its marks made anew.

    Raises: ValueError if a mark is of no table or is not closed.
    """
    makers = tables(configs)
    for name in re.findall(r"<!-- ([\w-]+) -->\n", text):
        if name not in makers:
            raise ValueError(f"mark must be one of {', '.join(makers)}, got {name!r}")
        before, _, rest = text.partition(f"<!-- {name} -->\n")
        _, closed, after = rest.partition(f"<!-- /{name} -->")
        if not closed:
            raise ValueError(f"mark {name!r} must be closed by <!-- /{name} -->, got none")
        text = f"{before}<!-- {name} -->\n{makers[name]()}<!-- /{name} -->{after}"
    return text


def paper_table(folder: Path) -> str:
    """Tables 7 and 8: the paper's number beside ours, or that there is none of ours."""
    rows = ["| config | trained on, tested on | network | paper | ours | conditions |"]
    rows.append("|---|---|---|---:|---:|---|")
    for name, values in {**TABLE_7, **TABLE_8}.items():
        kind, _, network = name.rpartition("_")
        data, keys = _DATA[kind]
        paper = values.get("AP", values.get("mAP@0.50", 0.0))
        path = folder / f"{name}.json"
        ours, told = NOT_MEASURED, ""
        if path.is_file():
            result = read_json(path)
            ours, told = f"{100 * _number(result, keys):.1f}", conditions(result)
        rows.append(
            f"| `{name}` | {data} | {_NETWORKS[network]} | {100 * paper:.1f} | {ours} | {told} |"
        )
    return _joined(rows)


def pairs_table(file: Path) -> str:
    """Table 7 or 8 with the paper's rows and those of own data."""
    table = TABLES[file.stem]
    return pair_sheet(table, list(lines_of(beside_paper(table, read_json(file)["pairs"])))).table()


def table_6(folder: Path) -> str:
    """Table 6: test error on CIFAR-10 beside our best run, or that there is none of ours."""
    from backbones.reproduction.paper import TABLE_6

    rows = ["| network | config | paper, % | ours, % | time | conditions |"]
    rows.append("|---|---|---:|---:|---:|---|")
    for label, printed in TABLE_6.items():
        name = f"cifar10_{label.lower().replace('-', '')}"
        path = folder / f"{name}.json"
        ours, time, told = NOT_MEASURED, "", ""
        if path.is_file():
            runs = read_json(path)["runs"]
            best = min(runs, key=lambda run: run["metrics"]["top1_error"])
            ours, time = f"{best['metrics']['top1_error']:.2f}", _minutes(best["seconds"])
            told = _classifier_conditions(best, len(runs))
        rows.append(f"| {label} | `{name}` | {printed['top1_error']} | {ours} | {time} | {told} |")
    return _joined(rows)


def networks_table() -> str:
    """What one crop costs in each system that the paper compares with, beside its own paper."""
    from backbones.reproduction.collect import count
    from backbones.reproduction.experiments import CROP, Dataset, peer
    from backbones.reproduction.paper import COMPLEXITY, DIFFERENCES

    costs = "parameters, 10^6: paper | ours | multiply-adds, 10^9: paper | ours"
    rows = [f"| network | layers | crop | {costs} | difference |"]
    rows.append("|---|---:|---:|---:|---:|---:|---:|---|")
    dataset: Dataset = "CIFAR-10"
    for name, printed in COMPLEXITY.items():
        dataset = "ImageNet" if name == "vgg16" else dataset
        ours = count(peer(name, name), dataset)
        cells = [f"`{name}`", f"{ours['layers']:.0f}", str(CROP[dataset])]
        for measure, digits in (("parameters", 2), ("multiply_adds", 3)):
            cells += [printed.get(measure, ""), f"{ours[measure]:.{digits}f}"]
        rows.append(f"| {' | '.join([*cells, DIFFERENCES.get(name, '')])} |")
    return _joined(rows)


def own_table(folder: Path, *configs: str) -> str:
    """One row a config that the paper does not have: mAP by both rules, time, conditions."""
    rows = ["| config | mAP@.5, 11-point | area | training and measuring | conditions |"]
    rows.append("|---|---:|---:|---:|---|")
    for name in configs:
        result = read_json(folder / f"{name}.json")
        (scores,) = result["metrics"].values()
        eleven, area = (100 * scores[rule]["mAP"]["0.50"] for rule in ("11point", "area"))
        rows.append(
            f"| [`{name}`](configs/detection/{name}.json) | {eleven:.1f} | {area:.1f} "
            f"| {_minutes(result['seconds'])} | {conditions(result)} |"
        )
    return _joined(rows)


def own_data_table(measured: Mapping[str, Any]) -> str:
    """One row a set of photographs: what the recipe reaches, and what was reached before it."""
    rows = [
        "| data | images | seeds | mAP@.5, 11-point | area | before | processor time | before |"
    ]
    rows.append("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, runs in measured["recipe"].items():
        old = measured["before"][name]
        times = [_processor_time(r) for r in (runs, old)]
        cells = [
            measured["data"][name],
            str(runs[0]["images"]),
            str(len(runs)),
            _spread(runs, "11point"),
            _spread(runs, "area"),
            _spread(old, "area"),
            *times,
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return _joined(rows) + f"\nMean (least to most), {_measured_on(measured)}{_time_to(measured)}\n"


def recipe_table(measured: Mapping[str, Any], steps: str, title: str) -> str:
    """One row a step of the recipe, or a thing tried in it, on kangaroos."""
    heads = (title, "iterations", "seeds", "mAP@.5, area", "processor time")
    rows = [f"| {' | '.join(heads)} |", "|---|---:|---:|---:|---:|"]
    for step in measured[steps]:
        runs = step["runs"]
        time = _minutes(mean(run["processor_seconds"] for run in runs))
        cells = (step["what"], step["iterations"], len(runs), _spread(runs, "area"), time)
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return _joined(rows) + f"\nMean (least to most), {_measured_on(measured)}\n"


def corners_table(measured: Mapping[str, Any]) -> str:
    """One row a way to count the corners in training and in testing, on blood cells."""
    rows = ["| trained | tested | AP | AP50 | AP75 |", "|---|---|---:|---:|---:|"]
    for way in measured["corners"]:
        values = (f"{100 * way[name]:.1f}" for name in ("AP", "AP50", "AP75"))
        rows.append(f"| {way['trained']} | {way['tested']} | {' | '.join(values)} |")
    return _joined(rows) + f"\nOne seed, {_measured_on(measured)}\n"


def _time_to(measured: Mapping[str, Any]) -> str:
    """How long blood cells take to an accuracy, beside before."""
    told = measured["time_to"]
    now, before = told["processor_seconds"], told["before"]
    return (
        f" To mAP@.5 {told['mAP']} (area) blood cells, evaluated every {told['every']} "
        f"iterations, take {now:.0f} processor seconds, before {before:.0f} (seed 0)."
    )


def _spread(runs: Sequence[Mapping[str, Any]], rule: str) -> str:
    """The mean, and from the least to the most."""
    values = [100 * run["mAP"][rule] for run in runs]
    if len(values) == 1:
        return f"{values[0]:.1f}"
    return f"{mean(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def _processor_time(runs: Sequence[Mapping[str, Any]]) -> str:
    """The mean of those that were timed."""
    timed = [run["processor_seconds"] for run in runs if run["processor_seconds"]]
    return _minutes(mean(timed)) if timed else NOT_MEASURED


def _measured_on(measured: Mapping[str, Any]) -> str:
    environment = measured["environment"]
    torch, vision = (environment["packages"][name] for name in ("torch", "torchvision"))
    return f"one thread of {environment['cpu']}, torch {torch}, torchvision {vision}."


def speed_table(path: Path) -> str:
    """What `resdet benchmark all` measured, and the goals that it is held to."""
    measured = read_json(path)
    parts = (
        markdown.speed_rows(measured),
        [markdown.measured_with(measured)],
        markdown.goal_rows(measured["goals"]),
    )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def evaluation_table(path: Path) -> str:
    """One row an evaluator: time, ratio to the peer, memory, distance of its numbers."""
    measured = read_json(path)["eval"]
    lines = [f"| what | {' | '.join(evaluation.COLUMNS)} |"]
    lines.append("|---|" + "---:|" * len(evaluation.COLUMNS))
    parts = evaluation.rows(measured).values()
    lines += [f"| {' | '.join(cells)} |" for part in parts for cells in part]
    machine = measured["environment"]
    where = f"{machine['cores']} cores of {machine['cpu']}, Python {machine['python']}"
    return _joined(lines) + f"\n{where}, NumPy {machine['packages']['numpy']}.\n"


def conditions(result: Mapping[str, Any]) -> str:
    """Hardware, versions, number of runs."""
    environment = result["environment"]
    hardware = f"{environment['cores']} cores of {environment['cpu']}"
    if result["device"] != "cpu":
        hardware = f"{result['device']}, {hardware}"
    torch = environment["packages"]["torch"]
    return f"{result['iterations']} iterations, 1 run, {hardware}, torch {torch}"


def _classifier_conditions(best: Mapping[str, Any], runs: int) -> str:
    told = [f"{best['iterations']} iterations", f"{runs} run{'s' if runs > 1 else ''}"]
    made = Provenance.of(best)
    told += [best["data"], made.hardware]
    told.append(f"torch {made.packages['torch'].partition('+')[0]}")
    return ", ".join(filter(None, told))


def _number(result: Mapping[str, Any], keys: Sequence[str]) -> float:
    """The number of the one test set that `keys` lead to."""
    (found,) = result["metrics"].values()
    for key in keys:
        found = found[key]
    return float(found)


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def _joined(rows: list[str]) -> str:
    return "\n".join(rows) + "\n"
