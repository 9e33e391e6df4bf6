"""Several processes: a worker or a rank that dies or stops, and torchrun that starts them anew."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
from kills import with_workers
from nursery import ROOT, TOO_LONG, Child, ended, launch, launch_group
from outcome import Bench, Outcome, check_saved
from outcome import check_end as check_end_alone
from subjects import Subject, differing, final_weights, saved_iteration

TIMEOUT = 4  # Unit: seconds; RESDET_TIMEOUT of these runs
WITHIN = 60.0
GOES_ON = re.compile(r"(?:resuming after|going on from iteration) (\d+)")


def dead_worker(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """A worker is killed, as by the kernel when memory runs out."""
    subject = with_workers(subject)
    outcome = Outcome(f"worker dies, {subject.name}")

    def kill_one(child: Child) -> None:
        workers = child.descendants()
        assert workers, "no worker runs"
        os.kill(chance.choice(workers), signal.SIGKILL)

    _stop_reading(bench, subject, times, chance, outcome, kill_one, "ended by SIGKILL")
    return outcome


def dead_disk(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """Workers wait for ever for files, as on a disk that does not answer."""
    root = bench.empty(f"dead-disk-{subject.name}") / "data"
    shutil.copytree(dict(subject.keys)["DATASETS.ROOT"], root)
    subject = with_workers(subject).setting("DATASETS.ROOT", str(root))
    outcome = Outcome(f"disk does not answer, {subject.name}")
    images = [path for kind in ("*.png", "*.jpg") for path in root.rglob(kind)]

    def hang(child: Child) -> None:
        for path in images:
            path.rename(path.with_suffix(".kept"))
            os.mkfifo(path)  # who opens it waits for a writer

    def answer(child: Child) -> None:
        for path in images:
            path.with_suffix(".kept").replace(path)

    says = "a batch must come within"
    _stop_reading(bench, subject, times, chance, outcome, hang, says, answer)
    return outcome


def _stop_reading(
    bench: Bench,
    subject: Subject,
    times: int,
    chance: random.Random,
    outcome: Outcome,
    hurt: Callable[[Child], None],
    says: str,
    heal: Callable[[Child], None] = lambda child: None,
) -> None:
    output = bench.empty(f"reading-{subject.name}") / "run"
    most = 2 * subject.period + 2  # of one run; it is to end well after the last of them
    subject = subject.having(iterations=most * (times + 1))
    begun, environment = 0, {"RESDET_TIMEOUT": str(TIMEOUT)}
    for _ in range(times):
        with outcome.injection():
            log = output.parent / "worker.log"
            child = launch(subject.tool, subject.command(output), log, env=environment)
            with ended(child):
                child.wait_for_step(chance.randrange(1, 2 * subject.period))
                hurt(child)
                try:
                    code = child.wait(WITHIN)
                finally:
                    heal(child)
            assert code == 2, f"exit code {code}\n{child.told()}"
            assert says in child.told(), child.told()
            assert "Traceback" not in child.told(), child.told()
            begun = check_saved(outcome, subject, output, child, begun)
    with outcome.afterwards():
        check_end_alone(bench, subject, output)


def free_port() -> int:
    """One that nobody listens at."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _two(subject: Subject, output: Path, **env: str) -> list[Child]:
    command = subject.command(output)
    return launch_group(2, subject.tool, command, output.parent, free_port(), **env)


def finish_two(subject: Subject, output: Path) -> None:
    """Train to the end in two processes. Raises: AssertionError if they do not."""
    pair = _two(subject, output)
    with ended(*pair):
        codes = [child.wait() for child in pair]
    assert codes == [0, 0], pair[0].told() + pair[1].told()


def dead_rank(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """One of two processes is killed: the other says so at once."""
    return _hurt_rank(bench, subject, times, chance, signal.SIGKILL, "lost another")


def stopped_rank(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """One of two processes is stopped: the other names it, with both stacks."""
    return _hurt_rank(bench, subject, times, chance, signal.SIGSTOP, "gave no sign")


def _hurt_rank(
    bench: Bench, subject: Subject, times: int, chance: random.Random, how: int, says: str
) -> Outcome:
    subject = subject.having(iterations=40)
    verb = {signal.SIGKILL: "dies", signal.SIGSTOP: "stops"}[signal.Signals(how)]
    outcome = Outcome(f"one process of two {verb}, {subject.name}")
    output = bench.empty(f"rank-{verb}-{subject.name}") / "run"
    begun = 0
    for number in range(times):
        with outcome.injection():
            pair = _two(subject, output, RESDET_TIMEOUT=str(TIMEOUT))
            with ended(*pair):
                hurt, other = pair[number % 2], pair[1 - number % 2]
                hurt.wait_for_step(chance.randrange(1, 2 * subject.period))
                time.sleep(chance.uniform(0, 0.05))
                hurt.signal(how)
                code = other.wait(WITHIN)
            assert code == 2, f"exit code {code}\n{other.told()}"
            assert says in other.told(), other.told()
            assert "Traceback (most" not in other.told(), other.told()
            begun = check_saved(outcome, subject, output, other, begun)
    with outcome.afterwards():
        finish_two(subject, output)
        other_weights = differing(final_weights(output), bench.reference(subject, finish_two))
        assert not other_weights, f"other weights: {', '.join(other_weights[:3])}"
    return outcome


def without_boxes(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """Two processes, of which one often has no box while the other has some."""
    outcome = Outcome("no boxes in one process, detector")
    root = _mostly_empty(bench.empty("boxless"))
    keys = ("DATASETS.ROOT", str(root), "DATALOADER.FILTER_EMPTY_ANNOTATIONS", "False")
    subject = subject.having(iterations=12).setting(*keys)
    for number in range(times):
        with outcome.injection():
            output = bench.empty("boxless-run") / "run"
            finish_two(subject.setting("SEED", str(number)), output)
            lines = (output / "metrics.json").read_text().splitlines()
            losses = [json.loads(x)["total_loss"] for x in lines if "total_loss" in x]
            assert losses, "no loss logged"
    return outcome


def _mostly_empty(folder: Path) -> Path:
    from resdet.data.shapes.make import make_shapes

    root = folder / "shapes"
    make_shapes(root, num_train=12, num_val=2, num_test=3, size=64, seed=3)
    for number, path in enumerate(sorted((root / "Annotations").glob("*.xml"))):
        text = path.read_text()
        if number % 3:
            first, last = text.index("<object>"), text.rindex("</object>") + len("</object>")
            path.write_text(text[:first] + text[last:])
    assert cv2.imread(str(next((root / "JPEGImages").iterdir()))) is not None
    return root


def elastic(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """torchrun --max-restarts: one process is killed, both start anew and go on."""
    subject = subject.having(iterations=120)
    outcome = Outcome(f"torchrun restarts, {subject.name}")
    for number in range(times):
        with outcome.injection():
            output = bench.empty(f"elastic-{subject.name}") / "run"
            command = ["--standalone", "--nproc-per-node=2", "--max-restarts=2"]
            command += [f"tools/{subject.tool}.py", *subject.command(output)]
            with (output.parent / "elastic.log").open("w") as log:
                agent = subprocess.Popen(
                    [sys.executable, "-m", "torch.distributed.run", *command],
                    cwd=ROOT,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                try:
                    saved = _wait_for_checkpoint(output, agent)
                    os.kill(_ranks(agent.pid)[number % 2], signal.SIGKILL)
                    code = _wait_for_end(agent)
                finally:
                    _end(agent)
            told = (output.parent / "elastic.log").read_text()
            assert code == 0, told
            again = [int(number) for number in GOES_ON.findall(told)]
            assert again, told
            outcome.lose(saved, again[-1], subject.period)
            reference = bench.reference(subject, finish_two)
            assert not differing(final_weights(output), reference), "other weights"
    return outcome


def _wait_for_checkpoint(output: Path, agent: subprocess.Popen[bytes]) -> int:
    end = time.monotonic() + 60
    while not (output / "last_checkpoint").is_file():
        assert agent.poll() is None, (output.parent / "elastic.log").read_text()
        assert time.monotonic() < end, "no checkpoint in 60 s"
        time.sleep(0.01)
    return saved_iteration(output)


def _wait_for_end(agent: subprocess.Popen[bytes]) -> int:
    try:
        return agent.wait(timeout=TOO_LONG)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"torchrun hangs after {TOO_LONG:.0f} s") from None


def _ranks(agent: int) -> list[int]:
    children = Path(f"/proc/{agent}/task/{agent}/children").read_text().split()
    found = {}
    for child in map(int, children):
        variables = Path(f"/proc/{child}/environ").read_text().split("\0")
        ranks = [v.partition("=")[2] for v in variables if v.startswith("RANK=")]
        if ranks:
            found[int(ranks[0])] = child
    return [found[rank] for rank in sorted(found)]


def _end(agent: subprocess.Popen[bytes]) -> None:
    for child in _ranks(agent.pid) if agent.poll() is None else []:
        os.kill(child, signal.SIGKILL)
    agent.kill()
    agent.wait()
