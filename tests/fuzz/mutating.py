"""Checkpoints whose structure is broken, each another way, loaded: what a loader made of each.

python tests/fuzz/mutating.py --copies 2000 --json mutants.json
"""

from __future__ import annotations

import argparse
import copy
import json
import pickle
import resource
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import yaml
from flipping import Hang, bad_message, limited

SECONDS = 20  # for one small checkpoint, on a busy machine
MOST_MEMORY = 1 << 30
MISSING = object()
VALUES: tuple[Callable[[], Any], ...] = (
    *(lambda value=value: value for value in (None, True, -1, 0, 1, 7, 1000, 10**6, 10**12)),
    *(lambda value=value: value for value in (10**30, 0.5, 1e-40, 1e300, "", "a", "x\x1b[31m\n")),
    *(lambda value=value: value for value in ("../../a.pth", "~b/\0", b"c", 1j, (1, "d"))),
    *(lambda value=value: float(value) for value in ("nan", "inf", "-inf")),
    *(list, dict, lambda: [None], lambda: ["a"] * 3, lambda: {"a": {"b": [1]}}, lambda: {1: 2}),
    *(lambda: [1.5] * 10**4, lambda: "y" * 10**5, lambda: _nested(9), lambda: _nested(150)),
    *(lambda: torch.ones(2), lambda: torch.tensor(3), lambda: np.float64(2)),
    lambda: np.ones(3),
)


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


TENSORS: tuple[Callable[[torch.Tensor], Any], ...] = (
    lambda x: x.float().masked_fill(torch.arange(x.numel()).view(x.shape) == 0, float("nan")),
    lambda x: torch.full(x.shape, float("-inf")),
    lambda x: x.to_sparse(),
    lambda x: x.flatten()[:, None].to_sparse_csr(),
    lambda x: torch.quantize_per_tensor(x.float(), 0.1, 0, torch.qint8),
    lambda x: x.to(torch.complex64),
    lambda x: x.to(torch.int16),
    lambda x: x.to(torch.float8_e4m3fn),
    lambda x: x > 0,
    lambda x: x.to("meta"),
    lambda x: torch.ones(()).expand(10**11),
    lambda x: torch.ones(()).expand(x.shape),
    lambda x: x.transpose(0, -1) if x.ndim else x.expand(2),
    lambda x: x.flatten(),
    lambda x: x[None],
    lambda x: x[:0] if x.ndim else x[None][:0],
    lambda x: x.half(),
    lambda x: torch.nn.Parameter(x.float()),
    lambda x: x.double().numpy(),
)
ARRAYS: tuple[Callable[[Any], Any], ...] = (
    lambda x: np.full_like(x, np.nan),
    lambda x: np.full_like(x, np.inf),
    lambda x: x.astype(np.complex64),
    lambda x: x.astype(np.int64),
    lambda x: x.astype(str),
    lambda x: x.astype(object),
    lambda x: x.astype(np.float16),
    lambda x: x.reshape(-1),
    lambda x: x[None],
    lambda x: np.atleast_1d(x)[:0],
)


class Subject(NamedTuple):
    """One kind of checkpoint: `make` gives what a sound one holds, `write` puts such into a file,
    `use` loads it as the tools do.
    """

    name: str
    make: Callable[[], Any]
    write: Callable[[Path, Any], None]
    use: Callable[[Path], Any]


class Tally(NamedTuple):
    """How many mutants were loaded and how many refused; what is wrong with the loader."""

    loaded: int
    refused: int
    faults: list[str]


def mutant(sound: Any, number: int) -> tuple[str, Any]:
    """The mutant of this number, always the same, and what was done to it."""
    draw = np.random.default_rng([number])
    broken, done = copy.deepcopy(sound), []
    for _ in range(1 + (number % 4 == 3)):
        broken, what = _break(broken, draw, "")
        done.append(what)
    return "; ".join(done), broken


def _break(value: Any, draw: np.random.Generator, where: str) -> tuple[Any, str]:
    """`value` with one part of it, at any depth, broken."""
    if isinstance(value, str) and "\n" in value and (inner := yaml.safe_load(value)):  # a config
        inner, what = _break(inner, draw, f"{where}>")
        try:
            return yaml.safe_dump(inner), what
        except (yaml.YAMLError, RecursionError):
            return "[" * 3000, what
    if isinstance(value, dict) and value and draw.random() < 0.85:
        return _break_item(value, list(value), draw, where)
    if isinstance(value, list) and value and draw.random() < 0.85:
        return _break_item(value, range(len(value)), draw, where)
    if isinstance(value, torch.Tensor) and draw.random() < 0.85:
        how = int(draw.integers(len(TENSORS)))
        return TENSORS[how](value), f"{where} tensor {how}"
    if isinstance(value, np.ndarray) and draw.random() < 0.85:
        how = int(draw.integers(len(ARRAYS)))
        return ARRAYS[how](value), f"{where} array {how}"
    if isinstance(value, (int, float)) and not isinstance(value, bool) and draw.random() < 0.5:
        factor = [-1, 0, 1000, 10**6, 10**9, 0.001][int(draw.integers(6))]
        return value * factor, f"{where} times {factor}"
    how = int(draw.integers(len(VALUES)))
    return VALUES[how](), f"{where} value {how}"


def _break_item(value: Any, keys: Any, draw: np.random.Generator, where: str) -> tuple[Any, str]:
    key = keys[int(draw.integers(len(keys)))]
    place, chance = f"{where}/{key}", draw.random()
    if chance < 0.1:
        del value[key]
        return value, f"{place} gone"
    if chance < 0.15:
        other = keys[int(draw.integers(len(keys)))]
        value[key] = value[other]
        return value, f"{place} is {other}"
    if chance < 0.2:
        more = copy.deepcopy(value[key])
        if isinstance(value, dict):
            value[f"{key}x"] = more
        else:
            value.append(more)
        return value, f"{place} twice"
    value[key], what = _break(value[key], draw, place)
    return value, what


def mutate(subject: Subject, folder: Path, copies: int, first: int = 0) -> Tally:
    """Load so many mutants of a subject; what is wrong with the loader stands in `faults`."""
    sound, path = subject.make(), folder / "stranger.pth"
    path = path.with_suffix(".pkl") if subject.name.endswith(".pkl") else path
    subject.write(path, sound)
    subject.use(path)
    loaded, refused, faults = 0, 0, []
    for number in range(first, first + copies):
        how, broken = mutant(sound, number)
        try:
            subject.write(path, broken)
        except (AttributeError, RecursionError, RuntimeError, TypeError, NotImplementedError):
            continue  # nobody can write such a file
        try:
            with limited(SECONDS):
                subject.use(path)
            loaded += 1
        except (ValueError, OSError) as error:
            fault = bad_message(error) or _not_one_line(error, path)
            refused += not fault
        except Hang:
            fault = f"over {SECONDS} s"
        except Exception:
            fault = traceback.format_exc(limit=-4)
        else:
            fault = ""
        if fault:
            faults.append(f"mutant {number} ({how}): {fault}")
    return Tally(loaded, refused, faults)


def _not_one_line(error: Exception, path: Path) -> str:
    """A line for each fault, the first of which names the file."""
    lines, faults = str(error).splitlines(), getattr(error, "faults", ())
    if path.name not in lines[0] or len(lines) > max(1, len(faults) + (len(faults) > 1)):
        return f"not a line that names the file: {error!s:.500}"
    return ""


def peak_memory() -> int:
    """Of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def write_torch(path: Path, payload: Any) -> None:
    torch.save(payload, path)


def write_pickle(path: Path, payload: Any) -> None:
    path.write_bytes(pickle.dumps(payload, 2))


def measured(name: str, copies: int) -> dict[str, Any]:
    """`mutate` in a process of its own, and the most memory that it had."""
    command = [sys.executable, __file__, "--copies", str(copies), "--one", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"loaded": 0, "refused": 0, "faults": [done.stderr[-3000:]], "peak": 0}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    from strangers import SUBJECTS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--copies", type=int, default=2000, help="of all kinds together")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", help="a kind, in this process")
    args = parser.parse_args()
    if args.one:
        subject = next(subject for subject in SUBJECTS if subject.name == args.one)
        with tempfile.TemporaryDirectory() as folder:
            tally = mutate(subject, Path(folder), args.copies)
        print(json.dumps(tally._asdict() | {"peak": peak_memory()}))
        return
    told = {}
    print(f"{'checkpoint':28}{'loaded':>8}{'refused':>9}{'faults':>8}{'peak':>9}")
    for subject in SUBJECTS:
        found = measured(subject.name, -(-args.copies // len(SUBJECTS)))
        told[subject.name] = found
        print(
            f"{subject.name:28}{found['loaded']:8}{found['refused']:9}{len(found['faults']):8}"
            f"{found['peak'] / 2**20:6.0f} MB",
            flush=True,
        )
        for line, count in Counter(f.split(": ", 1)[-1] for f in found["faults"]).items():
            print(f"  {count} x {line}")
    if args.json:
        args.json.write_text(json.dumps(told, indent=2))
    sys.exit(any(t["faults"] or t["peak"] > MOST_MEMORY for t in told.values()))


if __name__ == "__main__":
    main()
