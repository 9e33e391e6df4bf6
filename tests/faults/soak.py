"""Train, resume and evaluate over and over in one process: nothing may grow.

    python tests/faults/soak.py --minutes 60 --output output/soak

Writes soak.json and soak.png: memory, file handles, threads and children after every round. Exit
code 1 if memory or handles grew, or a child was left behind.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import runpy
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import nursery

GROWTH = 0.05  # of memory, from the second tenth of the rounds to the last, that is still flat
ROUNDS = 10  # fewer tell nothing


@dataclass(frozen=True)
class Sample:
    """Of this process after a round. Unit: minutes, MB."""

    minutes: float
    memory: float
    handles: int
    threads: int
    children: int
    zombies: int


def sample(started: float) -> Sample:
    gc.collect()
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    states = nursery.children(os.getpid()).values()
    return Sample(
        minutes=round((time.monotonic() - started) / 60, 3),
        memory=int(fields["VmRSS"].split()[0]) / 1024,
        handles=len(os.listdir("/proc/self/fd")),
        threads=int(fields["Threads"]),
        children=len(states),
        zombies=sum(state == "Z" for state in states),
    )


def run_tool(name: str, argv: Sequence[str]) -> None:
    """tools/<name>.py in this process. Raises: RuntimeError if it does not exit with 0."""
    path = nursery.ROOT / "tools" / f"{name}.py"
    sys.argv = [str(path), *argv]
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise RuntimeError(f"{name} ended with {end.code}") from None


def one_round(subjects: dict, folder: Path) -> None:  # type: ignore[type-arg]
    """Both kinds train with workers, stop, go on and are evaluated."""
    from kills import with_workers

    for name, subject in subjects.items():
        output = folder / name
        shutil.rmtree(output, ignore_errors=True)
        for iterations, workers in ((6, 0), (12, 2)):
            part = subject if not workers else with_workers(subject)
            run_tool(part.tool, part.having(iterations=iterations, period=4).command(output))
    checkpoint = str(folder / "detector" / "model_final.pth")
    data = ["--data", dict(subjects["detector"].keys)["DATASETS.ROOT"], "--split", "test"]
    result = ["--json", str(folder / "result.json"), "--metric", "area"]
    run_tool("eval_voc", ["--checkpoint", checkpoint, "--engine", "tv", *data, *result])


def verdict(samples: Sequence[Sample]) -> list[str]:
    """What grew; nothing, if all is flat."""
    if len(samples) < ROUNDS:
        return [f"only {len(samples)} rounds, {ROUNDS} at least: give more minutes"]
    tenth = max(1, len(samples) // 10)
    early, late = samples[tenth : 2 * tenth], samples[-tenth:]
    faults = []
    before, after = (float(np.median([s.memory for s in part])) for part in (early, late))
    if after > before * (1 + GROWTH):
        faults.append(f"memory grew from {before:.0f} to {after:.0f} MB")
    for what in ("handles", "threads"):
        first, last = (max(getattr(s, what) for s in part) for part in (early, late))
        if last > first:
            faults.append(f"{what} grew from {first} to {last}")
    left = max(s.children for s in samples)
    if left:
        faults.append(f"{left} children were left, {max(s.zombies for s in samples)} zombies")
    return faults


def plot(samples: Sequence[Sample], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(3, 1, sharex=True, figsize=(8, 7))
    minutes = [s.minutes for s in samples]
    for axis, names in zip(axes, (("memory",), ("handles", "threads"), ("children", "zombies"))):
        highest = 1.0
        for name in names:
            values = [getattr(s, name) for s in samples]
            axis.plot(minutes, values, label=name)
            highest = max(highest, *values)
        axis.set_ylim(-0.05 * highest, 1.3 * highest)
        axis.legend(loc="upper right", ncols=2)
    axes[0].set_ylabel("MB")
    axes[-1].set_xlabel("minutes")
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--output", type=Path, default=Path("output/soak"))
    args = parser.parse_args(argv)
    args.output.mkdir(parents=True, exist_ok=True)
    output = args.output.resolve()
    nursery.warm_up()
    from subjects import make_subjects

    samples: list[Sample] = []
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        os.environ["RESDET_CACHE"] = f"{folder}/cache"
        log = (output / "soak.log").open("w", buffering=1)
        subjects = make_subjects(Path(folder))
        started = time.monotonic()
        while time.monotonic() < started + 60 * args.minutes:
            terminal, sys.stdout = sys.stdout, log
            try:
                one_round(subjects, Path(folder))
            finally:
                sys.stdout = terminal
            samples.append(sample(started))
            print(samples[-1], flush=True)
            report = {"rounds": len(samples), "grew": verdict(samples)}
            report["samples"] = [asdict(s) for s in samples]
            (output / "soak.json").write_text(json.dumps(report, indent=1) + "\n")
        log.close()
    plot(samples, output / "soak.png")
    faults = verdict(samples)
    print("\n".join(faults) or f"flat over {len(samples)} rounds, {args.minutes:g} minutes")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
