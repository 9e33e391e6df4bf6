"""Several processes under torchrun; a single one needs none of it."""

from __future__ import annotations

import os
import random
from datetime import timedelta

import numpy as np
import torch
import torch.distributed as dist

TIMEOUT = timedelta(minutes=10)


def setup() -> None:
    """Join the group torchrun describes in the environment: gloo on CPU, nccl on GPU."""
    if "RANK" not in os.environ or dist.is_initialized():
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    dist.init_process_group(backend, timeout=TIMEOUT)


def cleanup() -> None:
    """Leave the group, if there is one."""
    if dist.is_initialized():
        dist.destroy_process_group()


def rank() -> int:
    """This process among all, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def is_main() -> bool:
    """True in the one process that writes files."""
    return rank() == 0


def barrier() -> None:
    """Wait for every process."""
    if dist.is_initialized():
        dist.barrier()


def mean_over_ranks(value: torch.Tensor) -> torch.Tensor:
    """The mean of a detached tensor over all processes; the tensor itself when alone."""
    value = value.detach().clone()
    if dist.is_initialized():
        dist.all_reduce(value)
        value /= world_size()
    return value


def gather(item: object) -> list[object]:
    """`item` of every process, by rank, in every process."""
    if not dist.is_initialized():
        return [item]
    items: list[object] = [None] * world_size()
    dist.all_gather_object(items, item)
    return items


def device(name: str = "") -> torch.device:
    """The named device; "" and "cuda" mean this process's GPU, or the CPU where there is none.

    Raises: ValueError if a numbered GPU is asked for and absent.
    """
    if name in ("", "cuda"):
        local = int(os.environ.get("LOCAL_RANK", 0))
        return torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"MODEL.DEVICE must be present, got {name!r} without a GPU; give cpu")
    return torch.device(name)


def shared_seed(seed: int) -> int:
    """`seed`; for a negative one a number that the first process draws for all."""
    drawn = gather(random.SystemRandom().randrange(2**31))[0]
    return seed if seed >= 0 else int(str(drawn))


def seed_all(seed: int) -> None:
    """Seed Python, NumPy and torch; each rank its own sequence."""
    seed = (seed + rank()) % 2**31
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
