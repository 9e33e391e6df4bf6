"""SOLVER.* into an optimiser and a rate, for classifiers and detectors alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import nn

from backbones.config import CfgNode
from backbones.machine.precision import Precision
from backbones.terminal.wording import count
from backbones.training import schedule

SQUARES = 0.999  # AdamW's second beta. Source: Loshchilov and Hutter 2019, by Kingma and Ba 2015
MARKS = {"SGD": "nesterov", "ADAMW": "betas"}  # an option that the groups of each alone have
NORMS = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm)


def build_optimizer(cfg: CfgNode, model: nn.Module) -> torch.optim.Optimizer:
    """SOLVER.OPTIMIZER over what learns; norms and biases with the decay and the rate that SOLVER
    gives them.

    Where WEIGHT_DECAY_NORM or WEIGHT_DECAY_BIAS is None, WEIGHT_DECAY holds. MOMENTUM is the first
    of AdamW's betas. Slopes of PReLU do not decay; a module may have a `rate_factor` of its own.
    Source: He et al. 2015, Delving Deep into Rectifiers, Section 2.1.
    """
    solver = cfg.SOLVER
    base_lr = base_rate(cfg)
    decays = [
        solver.WEIGHT_DECAY if decay is None else decay
        for decay in (solver.WEIGHT_DECAY_NORM, solver.WEIGHT_DECAY_BIAS)
    ]
    kinds: dict[tuple[float, float], list[nn.Parameter]] = {}
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if not parameter.requires_grad:
                continue
            rate = base_lr * getattr(module, "rate_factor", 1.0)
            if isinstance(module, NORMS):
                kind = (rate, decays[0])
            elif isinstance(module, nn.PReLU):
                kind = (rate, 0.0)
            elif name == "bias":
                kind = (rate * solver.BIAS_LR_FACTOR, decays[1])
            else:
                kind = (rate, solver.WEIGHT_DECAY)
            kinds.setdefault(kind, []).append(parameter)
    groups: list[dict[str, Any]] = [
        {"params": parameters, "base_lr": rate, "lr": rate, "weight_decay": decay}
        for (rate, decay), parameters in kinds.items()
    ]
    if solver.OPTIMIZER == "ADAMW":
        return torch.optim.AdamW(groups, base_lr, (solver.MOMENTUM, SQUARES), fused=True)
    return torch.optim.SGD(
        groups, lr=base_lr, momentum=solver.MOMENTUM, nesterov=solver.NESTEROV, fused=True
    )


def build_scaler(cfg: CfgNode, device: torch.device) -> torch.amp.GradScaler:
    """Scales losses in fp16 alone, whose gradients would vanish."""
    return torch.amp.GradScaler(device.type, enabled=precision(cfg) == "fp16")


def load_optimizer(optimizer: torch.optim.Optimizer, state: Mapping[str, Any]) -> None:
    """Take up the momentum in `state`; rates, decays and all other options stay as configured.

    Raises: ValueError if the saved run had another optimiser, or its groups other parameters.
    """
    groups, saved = optimizer.param_groups, state["param_groups"]
    names = [next(n for n, key in MARKS.items() if key in g[0]) for g in (groups, saved)]
    if names[0] != names[1]:
        raise ValueError(
            f"SOLVER.OPTIMIZER must be {names[1]} as in the run to resume, got {names[0]}; keep "
            "it, or start anew from the weights"
        )
    kept = [{key: group[key] for key in group if key != "params"} for group in groups]
    expected = [[tuple(p.shape) for p in group["params"]] for group in groups]
    sizes, found = [len(group) for group in expected], [len(group["params"]) for group in saved]
    if found != sizes or _shapes(state, expected) != expected:
        raise ValueError(
            f"parameters in the optimiser's groups must be {sizes} as configured, got {found} in "
            "the run to resume, or others; keep what is frozen and which of "
            "SOLVER.WEIGHT_DECAY_NORM, WEIGHT_DECAY_BIAS and BIAS_LR_FACTOR stand apart"
        )
    optimizer.load_state_dict(dict(state))
    for group, options in zip(optimizer.param_groups, kept):  # which are new dicts now
        group.update(options)
    _lay_out_as_parameters(optimizer)


def _lay_out_as_parameters(optimizer: torch.optim.Optimizer) -> None:
    """Fused steps take it for granted that momenta lie in memory as their parameters do."""
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if torch.is_tensor(value) and value.shape == parameter.shape:
                state[name] = torch.empty_like(parameter, requires_grad=False).copy_(value)


def _shapes(
    state: Mapping[str, Any], expected: list[list[tuple[int, ...]]]
) -> list[list[tuple[int, ...]]]:
    """The shapes of the saved momenta by group; what is expected where none was saved."""
    momenta = {i: s.get("momentum_buffer", s.get("exp_avg")) for i, s in state["state"].items()}
    return [
        [
            shape if (momentum := momenta.get(index)) is None else tuple(momentum.shape)
            for index, shape in zip(group["params"], shapes)
        ]
        for group, shapes in zip(state["param_groups"], expected)
    ]


def base_rate(cfg: CfgNode) -> float:
    """SOLVER.BASE_LR for the batch in use."""
    solver = cfg.SOLVER
    return schedule.linear_scaling(
        solver.BASE_LR, solver.IMS_PER_BATCH, solver.REFERENCE_IMS_PER_BATCH
    )


def build_rate_factor(cfg: CfgNode) -> Callable[[int], float]:
    """Iteration to factor of the base rate, where nothing but the iteration decides it."""
    solver = cfg.SOLVER
    if solver.LR_SCHEDULER_NAME == "WarmupCosineLR":
        end = solver.BASE_LR_END / solver.BASE_LR
        return partial(
            schedule.warmup_cosine, max_iter=solver.MAX_ITER, end_factor=end, **_warmup(cfg)
        )
    return partial(build_multistep(cfg), steps=tuple(solver.STEPS))


def build_multistep(cfg: CfgNode) -> Callable[..., float]:
    """(iteration, steps=): SOLVER.GAMMA to the number of steps reached, after SOLVER's warm-up."""
    return partial(schedule.warmup_multistep, gamma=cfg.SOLVER.GAMMA, **_warmup(cfg))


def _warmup(cfg: CfgNode) -> dict[str, Any]:
    return {
        "warmup_iters": cfg.SOLVER.WARMUP_ITERS,
        "warmup_factor": cfg.SOLVER.WARMUP_FACTOR,
        "method": cfg.SOLVER.WARMUP_METHOD,
    }


def precision(cfg: CfgNode) -> Precision:
    """SOLVER.AMP in one word."""
    return cfg.SOLVER.AMP.PRECISION if cfg.SOLVER.AMP.ENABLED else "fp32"


def clipping(cfg: CfgNode) -> dict[str, Any]:
    """SOLVER.CLIP_GRADIENTS as arguments of `LoopSettings`.

    Deviation: "norm" clips the norm of the whole gradient; detectron2 clips each parameter's.
    """
    clip = cfg.SOLVER.CLIP_GRADIENTS
    return {f"clip_{clip.CLIP_TYPE}": clip.CLIP_VALUE} if clip.ENABLED else {}


def describe_rate(cfg: CfgNode) -> str:
    """One line that says which rate is used and why, and which steps are never reached."""
    solver = cfg.SOLVER
    batch, reference = solver.IMS_PER_BATCH, solver.REFERENCE_IMS_PER_BATCH
    line = f"learning rate {base_rate(cfg):.6g} for {count(batch, 'image')} an iteration"
    if reference and reference != batch:
        line += (
            f" (SOLVER.BASE_LR {solver.BASE_LR:g} is for {reference}, "
            "SOLVER.REFERENCE_IMS_PER_BATCH; scaled linearly, "
            "the schedule in iterations stays as it is)"
        )
    unreached = [step for step in solver.STEPS if step >= solver.MAX_ITER]
    if unreached and solver.LR_SCHEDULER_NAME == "WarmupMultiStepLR":
        line += f"; SOLVER.STEPS {unreached} lie beyond SOLVER.MAX_ITER {solver.MAX_ITER}"
    if solver.WARMUP_ITERS >= solver.MAX_ITER:
        line += f"; the warm-up (SOLVER.WARMUP_ITERS {solver.WARMUP_ITERS}) is longer than the run"
    return line
