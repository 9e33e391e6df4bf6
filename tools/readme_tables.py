"""Write the tables of README.md from the results beside the configs.

python tools/readme_tables.py [--check]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "configs" / "detection"
CLASSIFIERS = ROOT / "configs" / "backbones"
BENCHMARKS = ROOT / "configs" / "benchmarks" / "all.json"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if they differ")
    args = parser.parse_args(argv)

    text = README.read_text(encoding="utf-8")
    fresh = with_tables(text)
    if args.check:
        return int(fresh != text)
    README.write_text(fresh, encoding="utf-8")
    return 0


def with_tables(text: str) -> str:
    """`text` with each table between its marks made anew."""
    tables = {"shapes": table("shapes_vgg16", "shapes_r18"), "bccd": table("bccd_r18")}
    tables |= {"cifar": classifier_table("cifar10_resnet20"), "evaluation": evaluation_table()}
    if "<!-- speed -->" in text:
        tables["speed"] = speed_table()
    for name, lines in tables.items():
        before, rest = text.split(f"<!-- {name} -->\n")
        _, after = rest.split(f"<!-- /{name} -->")
        text = f"{before}<!-- {name} -->\n{lines}<!-- /{name} -->{after}"
    return text


def table(*configs: str) -> str:
    """One row a config: mAP by both rules, time, conditions."""
    from resdet.evaluation import read_json

    rows = ["| config | mAP@.5, 11-point | area | training and measuring | conditions |"]
    rows.append("|---|---:|---:|---:|---|")
    for name in configs:
        result = read_json(RESULTS / f"{name}.json")
        (scores,) = result["metrics"].values()
        eleven, area = (100 * scores[rule]["mAP"]["0.50"] for rule in ("11point", "area"))
        minutes, seconds = divmod(round(result["seconds"]), 60)
        rows.append(
            f"| [`{name}`](configs/detection/{name}.json) | {eleven:.1f} | {area:.1f} "
            f"| {minutes} min {seconds} s | {conditions(result)} |"
        )
    return "\n".join(rows) + "\n"


def classifier_table(*configs: str) -> str:
    """One row a config: the error of its best run, time, conditions."""
    rows = ["| config | top-1 test error, % | training and measuring | conditions |"]
    rows.append("|---|---:|---:|---|")
    for name in configs:
        runs = json.loads((CLASSIFIERS / f"{name}.json").read_text(encoding="utf-8"))["runs"]
        best = min(runs, key=lambda run: run["metrics"]["top1_error"])
        minutes, seconds = divmod(round(best["seconds"]), 60)
        number = f"{len(runs)} run{'s' if len(runs) > 1 else ''}"
        told = [f"{best['iterations']} iterations", number, best["data"]]
        told += [best["hardware"], f"torch {best['versions']['torch'].partition('+')[0]}"]
        rows.append(
            f"| [`{name}`](configs/backbones/{name}.json) | {best['metrics']['top1_error']:.2f} "
            f"| {minutes} min {seconds} s | {', '.join(filter(None, told))} |"
        )
    return "\n".join(rows) + "\n"


def speed_table() -> str:
    """What `tools/benchmark.py all` measured, and the goals that it is held to."""
    from resdet.benchmarks.markdown import goal_rows, measured_with, speed_rows

    measured = json.loads(BENCHMARKS.read_text(encoding="utf-8"))
    parts = speed_rows(measured), [measured_with(measured)], goal_rows(measured["goals"])
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def evaluation_table() -> str:
    """One row an evaluator: time, ratio to the peer, memory, distance of its numbers."""
    from resdet.benchmarks.evaluation import COLUMNS, rows

    measured = json.loads(BENCHMARKS.read_text(encoding="utf-8"))["eval"]
    lines = [f"| what | {' | '.join(COLUMNS)} |", "|---|" + "---:|" * len(COLUMNS)]
    lines += [f"| {' | '.join(cells)} |" for part in rows(measured).values() for cells in part]
    machine = measured["environment"]
    where = f"{machine['cores']} cores of {machine['cpu']}, Python {machine['python']}"
    return "\n".join(lines) + f"\n\n{where}, NumPy {machine['packages']['numpy']}.\n"


def conditions(result: Mapping[str, Any]) -> str:
    """Hardware, versions, number of runs."""
    environment = result["environment"]
    hardware = f"{environment['cores']} cores of {environment['cpu']}"
    if result["device"] != "cpu":
        hardware = f"{result['device']}, {hardware}"
    torch = environment["packages"]["torch"]
    return f"{result['iterations']} iterations, 1 run, {hardware}, torch {torch}"


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
