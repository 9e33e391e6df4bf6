"""Several processes under torchrun; a single one needs none of it."""

from __future__ import annotations

import os
import random
import re
from datetime import timedelta

import numpy as np
import torch
import torch.distributed as dist

TIMEOUT = timedelta(minutes=10)


def setup() -> None:
    """Join the group torchrun describes in the environment: gloo for CPU tensors, nccl for GPU."""
    if "RANK" not in os.environ or dist.is_initialized():
        return
    if _local_rank() < _gpus():
        torch.cuda.set_device(_local_rank())
    dist.init_process_group("cpu:gloo,cuda:nccl" if _gpus() else "gloo", timeout=TIMEOUT)


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

    Raises: ValueError for another kind of device, a GPU that is absent or that processes share.
    """
    if not re.fullmatch(r"(cpu|cuda(:[0-9]+)?)?", name):
        raise ValueError(f"MODEL.DEVICE must be cpu, cuda or cuda:N, got {name!r}")
    if name == "cpu" or (name in ("", "cuda") and not _gpus()):
        return torch.device("cpu")
    number = name.partition(":")[2]
    if number and world_size() > 1:
        raise ValueError(
            f"MODEL.DEVICE must be cuda or cpu with {world_size()} processes, got {name!r}, "
            "which all of them would share"
        )
    index = int(number) if number else _local_rank()
    if index >= _gpus():
        raise ValueError(
            f"MODEL.DEVICE must be a GPU that is present, got cuda:{index} of {_gpus()} GPU(s); "
            "give cpu, or start no more processes than there are GPUs"
        )
    return torch.device("cuda", index)


def shared_seed(seed: int) -> int:
    """`seed`; for a negative one a number that the first process draws for all."""
    drawn = gather(random.SystemRandom().randrange(2**31))[0]
    return seed if seed >= 0 else int(str(drawn))


def seed_all(seed: int, iteration: int = 0) -> None:
    """Seed Python, NumPy and torch: an own sequence for each rank, at each iteration."""
    drawn = int(np.random.SeedSequence([seed, iteration, rank()]).generate_state(1)[0])
    random.seed(drawn)
    np.random.seed(drawn)
    torch.manual_seed(drawn)


def _local_rank() -> int:
    return int(os.environ.get("LOCAL_RANK", 0))


def _gpus() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0
