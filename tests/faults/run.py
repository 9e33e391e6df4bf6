"""Injure training runs in every way that is known, and see what is left of them.

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
from collections.abc import Callable, Sequence
from pathlib import Path

import nursery

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


def parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=TIMES, default=list(TIMES), metavar="NAME")
    parser.add_argument("--subject", choices=("classifier", "detector"), help="[both]")
    parser.add_argument("--share", type=float, default=1.0, help="of the times, one at least [1]")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    args = parse(argv)
    nursery.warm_up()
    import groups
    import kills
    import stops
    from outcome import Bench, Outcome
    from subjects import make_subjects

    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        os.environ["RESDET_CACHE"] = f"{folder}/cache"
        bench = Bench(Path(folder), make_subjects(Path(folder)))
        for name in args.only:
            inject: Callable[..., Outcome] = next(
                getattr(module, name) for module in (kills, stops, groups) if hasattr(module, name)
            )
            for subject, times in zip(bench.subjects.values(), TIMES[name]):
                if not times or args.subject not in (None, subject.name):
                    continue
                started = time.monotonic()
                count = max(1, round(args.share * times))
                try:
                    found = inject(bench, subject, count, random.Random(SEED))
                except (AssertionError, ValueError, OSError) as error:
                    found = Outcome(f"{name}, {subject.name}", told=[f"not injected: {error}"])
                found.seconds = time.monotonic() - started
                outcomes.append(found)
                print(f"{found.fault}: {found.survived} of {found.injected}", flush=True)
                print("\n".join(found.told), end="\n" * bool(found.told), flush=True)
    show(outcomes)
    if args.json:
        values = [{k: v for k, v in vars(o).items() if k != "told"} for o in outcomes]
        args.json.write_text(json.dumps(values, indent=2) + "\n")
    return 0 if all(o.ok for o in outcomes) else 1


def show(outcomes: Sequence) -> None:  # type: ignore[type-arg]
    from rich.console import Console
    from rich.table import Table

    table = Table("fault")
    for heading in ("injected", "survived", "lost iterations", "seconds"):
        table.add_column(heading, justify="right")
    for o in outcomes:
        lost = f"{o.lost} of at most {o.period}" if o.period or o.injected else "-"
        row = [o.fault, str(o.injected), str(o.survived), lost, f"{o.seconds:.0f}"]
        table.add_row(*row if not o.skipped else [o.fault, "-", "-", o.skipped, "-"])
    injected, survived = (sum(getattr(o, k) for o in outcomes) for k in ("injected", "survived"))
    seconds = sum(o.seconds for o in outcomes)
    table.add_row("all", str(injected), str(survived), "", f"{seconds:.0f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
