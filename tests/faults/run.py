"""Injure training runs and all commands in every way that is known, and see what is left of them.

    python tests/faults/run.py [--only NAME ...] [--share 0.1] [--json FILE]

Prints a table: fault, times injected, survived, lost iterations (and how many a checkpoint period
has), seconds. Exit code 1 if a run did not survive.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import nursery

Inject = Callable[[int, random.Random], Any]  # -> Outcome

SEED = 7
# name in kills, stops or groups -> times for the classifier, for the detector
TIMES = {
    "at_random": (60, 50),
    "in_writing": (50, 40),
    "leaving_workers": (5, 5),
    "by_signal": (10, 10),
    "before_the_start": (6, 6),
    "full_disk": (6, 6),
    "large_file": (6, 6),
    "not_finite": (3, 3),
    "no_memory": (2, 2),
    "dead_worker": (4, 4),
    "dead_disk": (1, 1),
    "dead_rank": (6, 4),
    "stopped_rank": (2, 2),
    "without_boxes": (0, 3),
    "elastic": (2, 2),
}
# name in commands -> times for each command
OF_COMMANDS = {
    "killed": 10,
    "signalled": 9,
    "starved": 4,
    "limited": 3,
    "read_only": 1,
    "into_inputs": 2,
    "twice": 2,
}
COMMANDS = "commands"  # the third that is injured


def parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = [*TIMES, *OF_COMMANDS]
    parser.add_argument("--only", nargs="+", choices=known, default=known, metavar="NAME")
    parser.add_argument("--subject", choices=("classifier", "detector", COMMANDS), help="[all]")
    parser.add_argument("--share", type=float, default=1.0, help="of the times, one at least [1]")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    args = parse(argv)
    nursery.warm_up()
    from outcome import Outcome

    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        os.environ["RESDET_CACHE"] = f"{folder}/cache"
        for title, inject, times in injections(args, Path(folder)):
            started = time.monotonic()
            try:
                found = inject(max(1, round(args.share * times)), random.Random(SEED))
            except (AssertionError, ValueError, OSError) as error:
                found = Outcome(title, told=[f"not injected: {error}"])
            found.seconds = time.monotonic() - started
            outcomes.append(found)
            print(f"{found.fault}: {found.survived} of {found.injected}", flush=True)
            print("\n".join(found.told), end="\n" * bool(found.told), flush=True)
    show(outcomes)
    if args.json:
        values = [{k: v for k, v in vars(o).items() if k != "told"} for o in outcomes]
        args.json.write_text(json.dumps(values, indent=2) + "\n")
    return 0 if all(o.ok for o in outcomes) else 1


def injections(args: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Inject, int]]:
    """Of each fault that is asked for: its title, what injects it, and how often."""
    import commands
    import groups
    import kills
    import stops
    from jobs import JOBS
    from outcome import Bench
    from subjects import make_subjects
    from yard import Yard

    if args.subject != COMMANDS:
        bench = Bench(folder, make_subjects(folder))
        for name in [name for name in args.only if name in TIMES]:
            inject = next(vars(m)[name] for m in (kills, stops, groups) if name in vars(m))
            for subject, times in zip(bench.subjects.values(), TIMES[name]):
                if times and args.subject in (None, subject.name):
                    yield f"{name}, {subject.name}", partial(inject, bench, subject), times
    if args.subject in (None, COMMANDS):
        yard = Yard.below(folder)
        for name in [name for name in args.only if name in OF_COMMANDS]:
            inject = partial(getattr(commands, name), yard, JOBS)
            yield f"{name}, {COMMANDS}", inject, OF_COMMANDS[name]


def show(outcomes: Sequence) -> None:  # type: ignore[type-arg]
    from rich.console import Console
    from rich.table import Table

    table = Table("fault")
    for heading in ("injected", "survived", "lost iterations", "seconds"):
        table.add_column(heading, justify="right")
    for o in outcomes:
        lost = f"{o.lost} of at most {o.period}" if o.trains and o.injected else "-"
        row = [o.fault, str(o.injected), str(o.survived), lost, f"{o.seconds:.0f}"]
        table.add_row(*row if not o.skipped else [o.fault, "-", "-", o.skipped, "-"])
    injected, survived = (sum(getattr(o, k) for o in outcomes) for k in ("injected", "survived"))
    seconds = sum(o.seconds for o in outcomes)
    table.add_row("all", str(injected), str(survived), "", f"{seconds:.0f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
