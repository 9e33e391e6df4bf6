"""Several processes under torchrun; a single one needs none of it."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import random
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from traceback import format_tb

import numpy as np
import torch
import torch.distributed as dist
from torch.distributed import PrefixStore  # type: ignore[attr-defined]
from torch.distributed.rendezvous import rendezvous

from backbones.machine.watch import Watch, no_sign
from backbones.terminal.patience import TIMEOUT_VARIABLE, patience, waiting

_ENDED = ("Connection closed by peer", "Connection reset by peer", "Broken pipe", "pair closure")
_LATE = ("Timed out waiting", "timeout", "timed out")
_watch: Watch | None = None


def setup() -> None:
    """Join the group torchrun describes in the environment: gloo for CPU tensors, nccl for GPU.

    Who does not come within `patience()` seconds is given up.
    """
    global _watch
    if "RANK" not in os.environ or dist.is_initialized():
        return
    limit = patience()
    if _local_rank() < _gpus():
        torch.cuda.set_device(_local_rank())
    if not faulthandler.is_enabled():  # nccl ends a process by a signal: it shows where it was
        faulthandler.enable(sys.__stderr__)  # type: ignore[arg-type]
    with waiting("waiting for the other processes"):
        store, own, count = next(rendezvous("env://", timeout=timedelta(seconds=limit)))
        store.set_timeout(timedelta(seconds=limit))
        # torchrun may keep one store over its restarts: old addresses must not be found there
        store = PrefixStore(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"), store)
        # a silent process is told by the watch, before all that waits for it fails
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if _gpus() else "gloo",
            store=PrefixStore("group", store),
            rank=own,
            world_size=count,
            timeout=timedelta(seconds=1.5 * limit),
        )
    if count > 1:
        _watch = Watch(PrefixStore("watch", store.clone()), own, count, limit)


def cleanup() -> None:
    """Leave the group, if there is one."""
    global _watch
    if _watch is not None:
        _watch.end()
        _watch = None
    if dist.is_initialized():
        dist.destroy_process_group()


@contextlib.contextmanager
def joined() -> Iterator[None]:
    """`setup` before and `cleanup` after; a fault of another process is one line.

    Raises: ConnectionError if another process has ended or does not come.
    """
    setup()
    try:
        yield
    except RuntimeError as error:
        told = _fault_of_others(error)
        if told is None:
            raise
        raise ConnectionError(told) from None
    finally:
        cleanup()


def _fault_of_others(error: Exception) -> str | None:
    """What to say of an error that a collective operation raised; None of any other.

    Where somebody is late, every process's stack is printed first.
    """
    text = str(error)
    ours = "gloo" in text or "pair closure" in text or isinstance(error, dist.DistError)
    if not ours or _watch is None:
        return None
    if any(sign in text for sign in _ENDED):
        return (
            f"rank {rank()} of {world_size()} processes lost another, which has ended; what that "
            "one said tells why, go on with --resume"
        )
    if not any(sign in text for sign in _LATE):
        return None
    with contextlib.suppress(RuntimeError):
        silent = _watch.silent()
        print(_watch.stacks(format_tb(error.__traceback__)), file=sys.stderr, flush=True)
        if silent:
            return no_sign(silent, world_size(), patience())
    return (
        f"rank {rank()} of {world_size()} processes waited {1.5 * patience():.0f} s for the others "
        f"in vain; above is where each one is ({TIMEOUT_VARIABLE} sets the seconds)"
    )


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
        raise ValueError(f"device must be cpu, cuda or cuda:N, got {name!r}")
    if name == "cpu" or (name in ("", "cuda") and not _gpus()):
        return torch.device("cpu")
    number = name.partition(":")[2]
    if number and world_size() > 1:
        raise ValueError(
            f"device must be cuda or cpu with {world_size()} processes, got {name!r}, "
            "which all of them would share"
        )
    index = int(number) if number else _local_rank()
    if index >= _gpus():
        raise ValueError(
            f"device must be a GPU that is present, got cuda:{index} of {_gpus()} GPU(s); "
            "give cpu, or start no more processes than there are GPUs"
        )
    return torch.device("cuda", index)


def asked_device(name: str | torch.device = "") -> torch.device:
    """`device` of what a user, not a config's default, names: "cuda" then asks for a GPU.

    Raises: ValueError as `device` does, and for "cuda" where there is no GPU.
    """
    name = str(name)
    if name == "cuda" and not _gpus():
        raise ValueError(
            "device must be one that is present, got cuda without a GPU; leave it out to take "
            "what there is, or ask resdet doctor why none is seen"
        )
    return device(name)


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
