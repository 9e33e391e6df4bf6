"""What is each process's own: kept in a checkpoint to go on to the bit, shared to be tested."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from backbones.machine import distributed

RankState = dict[str, Any]


def gather_ranks(
    model: nn.Module, device: torch.device, **own: Mapping[str, Any]
) -> list[RankState]:
    """Of every process by rank: its random states, its batch-norm statistics, and `own`.

    Tensors and plain values only. Statistics differ between processes, which average them only
    where they are read; the one process that trains alone has them in its model.
    """
    state: RankState = {"random": _random_state(device), **own}
    if distributed.world_size() > 1:
        state["statistics"] = {name: s.cpu() for name, s in _statistics(model).items()}
    return distributed.gather(state)  # type: ignore[return-value]


def own_state(states: Sequence[RankState]) -> RankState:
    """This process's; with another number of processes the first one's."""
    alike = len(states) == distributed.world_size()
    return states[distributed.rank() if alike else 0] if states else {}


def restore_rank(
    states: Sequence[RankState], model: nn.Module, device: torch.device, seed: int, iteration: int
) -> str:
    """Take up this process's random states and statistics; return a remark, or "".

    With another number of processes, or another kind of device, random numbers begin anew.
    """
    state = own_state(states)
    now = distributed.world_size()
    why = ""
    if states and len(states) != now:
        why = f"the checkpoint is of {len(states)} process(es), this run has {now}"
    elif states and (state["random"]["cuda"] is None) == (device.type == "cuda"):
        why = f"the checkpoint is of another kind of device than {device.type}"
    if why or not states:  # none: a checkpoint of a release that began anew at every saving
        distributed.seed_all(seed, iteration)
        return f"{why}: random numbers begin anew, from seed {seed}" if why else ""
    _restore_random(state["random"], device)
    own = _statistics(model)
    saved: Mapping[str, Tensor] = state.get("statistics", {})
    if saved and saved.keys() != own.keys():  # another engine calls them otherwise
        return "batch-norm statistics are those of the first process"
    for name, statistic in saved.items():
        own[name].copy_(statistic)
    return ""


def share_statistics(model: nn.Module) -> None:
    """Average the running statistics of batch norms, of which each process has its own.

    What is evaluated in several processes is then what one checkpoint holds.
    """
    if distributed.world_size() == 1:
        return
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.track_running_stats:
            for statistic in (module.running_mean, module.running_var):
                if statistic is not None:
                    statistic.copy_(distributed.mean_over_ranks(statistic))


def follow_main(model: nn.Module) -> None:
    """Give every process the statistics of the first, whose checkpoint is kept."""
    if distributed.world_size() > 1:
        for buffer in model.buffers():
            dist.broadcast(buffer, 0)


def _statistics(model: nn.Module) -> dict[str, Tensor]:
    """The running means and variances, live, by name."""
    found = {}
    for name, module in model.named_modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            buffers = module.named_buffers(name, recurse=False)
            found.update({key: b for key, b in buffers if b.is_floating_point()})
    return found


def _random_state(device: torch.device) -> RankState:
    version, words, gauss = random.getstate()
    numbers: Any = np.random.get_state(legacy=False)
    return {
        "python": {"version": version, "words": torch.tensor(words), "gauss": gauss},
        "numpy": {
            "words": torch.from_numpy(numbers["state"]["key"].astype(np.int64)),
            "position": int(numbers["state"]["pos"]),
            "has_gauss": int(numbers["has_gauss"]),
            "gauss": float(numbers["gauss"]),
        },
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
    }


def _restore_random(state: RankState, device: torch.device) -> None:
    python, numbers = state["python"], state["numpy"]
    random.setstate((python["version"], tuple(python["words"].tolist()), python["gauss"]))
    np.random.set_state(
        {
            "bit_generator": "MT19937",
            "state": {
                "key": numbers["words"].numpy().astype(np.uint32),
                "pos": numbers["position"],
            },
            "has_gauss": numbers["has_gauss"],
            "gauss": numbers["gauss"],
        }
    )
    torch.set_rng_state(state["torch"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(state["cuda"], device)
