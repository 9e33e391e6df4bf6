"""The network as the loop runs it: compiled, recorded, spread over processes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from backbones.machine import distributed
from backbones.machine.precision import Precision, autocast


def accelerate(
    model: nn.Module,
    example: Tensor,
    *,
    compiled: bool = False,
    cuda_graphs: bool = False,
    precision: Precision = "fp32",
) -> tuple[nn.Module, str]:
    """Return the network to train and a remark for the log; `model` keeps the weights.

    `example` is one training input: its shape is the only one that CUDA graphs replay.
    """
    remarks = []
    run: nn.Module = model
    if cuda_graphs and example.is_cuda and distributed.world_size() == 1 and not compiled:
        run = _record(model, example, precision)
        remarks.append("CUDA graphs replay forward and backward")
    elif cuda_graphs:
        remarks.append("no CUDA graphs: they need one GPU, one process, and no MODEL.COMPILE")
    if compiled:
        run = torch.compile(model)  # type: ignore[assignment]
        remarks.append("torch.compile: the first iterations are slow")
    if distributed.world_size() > 1:
        gpus = [example.device.index] if example.is_cuda else None
        run = DistributedDataParallel(run, gpus)
    return run, "; ".join(remarks)


def _record(model: nn.Module, example: Tensor, precision: Precision) -> nn.Module:
    """Capture forward and backward; what the capture did to the statistics is undone."""
    kept = {name: buffer.clone() for name, buffer in model.named_buffers()}
    model.train()
    with autocast(example.device, precision, cached=False):
        recorded = torch.cuda.make_graphed_callables(model, (example,))
    for name, buffer in model.named_buffers():
        buffer.copy_(kept[name])
    model.zero_grad(set_to_none=True)
    return recorded  # type: ignore[return-value]
