from __future__ import annotations

import pytest

from backbones.training import schedule

COMMON = {"warmup_iters": 100, "warmup_factor": 0.001}


@pytest.mark.parametrize(
    ("iteration", "factor"),
    [
        (0, 0.001),
        (50, 0.5005),
        (100, 1.0),
        (59_999, 1.0),
        (60_000, 0.1),
        (79_999, 0.1),
        (80_000, 0.01),
    ],
)
def test_multistep(iteration: int, factor: float) -> None:
    value = schedule.warmup_multistep(iteration, steps=(60_000, 80_000), gamma=0.1, **COMMON)
    assert value == pytest.approx(factor)


@pytest.mark.parametrize(
    ("iteration", "factor"),
    [(0, 0.001), (50, 0.489488), (100, 0.977975), (500, 0.55), (1000, 0.1), (1200, 0.1)],
)
def test_cosine(iteration: int, factor: float) -> None:
    value = schedule.warmup_cosine(iteration, max_iter=1000, end_factor=0.1, **COMMON)
    assert value == pytest.approx(factor, abs=1e-4)


def test_a_plateau_ends_in_a_drop_and_the_count_starts_anew() -> None:
    errors = [(i, 10.0) for i in range(1, 8)]
    assert schedule.plateau_drops(errors, patience=3) == (4, 7)
    assert schedule.plateau_drops([], patience=3) == ()
    falling = [(1, 10.0), (2, 9.95), (3, 9.9), (4, 9.85)]
    assert schedule.plateau_drops(falling, patience=2) == ()
    assert schedule.plateau_drops(falling, patience=2, threshold=0.1) == (3,)


def test_constant_warmup() -> None:
    assert schedule.warmup(lambda at: 2.0, 99, 100, 0.3, "constant") == 0.6
    assert schedule.warmup(lambda at: 2.0, 100, 100, 0.3, "constant") == 2.0


def test_an_unknown_warmup_is_refused() -> None:
    with pytest.raises(ValueError, match="must be linear or constant, got 'exp'"):
        schedule.warmup(lambda at: 1.0, 0, 10, 0.1, "exp")  # type: ignore[arg-type]


def test_the_rate_grows_with_the_batch() -> None:
    assert schedule.linear_scaling(0.02, 4, 16) == pytest.approx(0.005)
    assert schedule.linear_scaling(0.02, 4, 0) == 0.02


@pytest.mark.detectron2
@pytest.mark.parametrize("name", ["WarmupMultiStepLR", "WarmupCosineLR"])
@pytest.mark.parametrize("method", ["linear", "constant"])
def test_rates_are_detectron2s_at_every_iteration(name: str, method: str) -> None:
    pytest.importorskip("detectron2")
    import torch
    from detectron2.config import get_cfg
    from detectron2.solver import build_lr_scheduler

    cfg = get_cfg()
    cfg.SOLVER.LR_SCHEDULER_NAME, cfg.SOLVER.WARMUP_METHOD = name, method
    cfg.SOLVER.MAX_ITER, cfg.SOLVER.STEPS, cfg.SOLVER.WARMUP_ITERS = 600, (300, 500), 100
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = build_lr_scheduler(cfg, optimizer)
    common = {"warmup_iters": 100, "warmup_factor": cfg.SOLVER.WARMUP_FACTOR, "method": method}
    for iteration in range(600):
        if name == "WarmupCosineLR":
            ours = schedule.warmup_cosine(iteration, max_iter=600, end_factor=0.0, **common)
        else:
            ours = schedule.warmup_multistep(iteration, steps=(300, 500), gamma=0.1, **common)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(ours, abs=1e-12), iteration
        optimizer.step()
        theirs.step()
