"""Run by torchrun in test_distributed.py: gradients of one step, or a short training."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch.nn.parallel import DistributedDataParallel

from backbones.training import distributed
from resdet import config, engines
from resdet.engines.build import build_model


def batch() -> list[dict]:
    """Four images of one size; the third has no box."""
    generator = torch.Generator().manual_seed(5)
    boxes = [[[8, 8, 60, 70]], [[30, 20, 90, 88], [4, 4, 40, 40]], [], [[20, 30, 80, 60]]]
    return [
        {
            "image": torch.randint(0, 256, (3, 96, 96), generator=generator, dtype=torch.uint8),
            "boxes": torch.tensor(b, dtype=torch.float32).reshape(-1, 4),
            "labels": torch.arange(len(b)),
            "image_id": i,
            "height": 96,
            "width": 96,
            "index": i,
        }
        for i, b in enumerate(boxes)
    ]


def gradients(cfg_text: str, output: Path) -> None:
    cfg = config.loads(cfg_text, "test")
    torch.manual_seed(0)
    engine = engines.load("tv")
    model, _ = build_model(cfg, engine)
    wrapped = model.train()
    if distributed.world_size() > 1:
        wrapped = DistributedDataParallel(model, broadcast_buffers=False)
    share = batch()[distributed.rank() :: distributed.world_size()]
    sum(engine.compute_losses(wrapped, share).values()).backward()
    if distributed.is_main():
        torch.save({n: p.grad for n, p in model.named_parameters() if p.requires_grad}, output)


def main() -> None:
    torch.set_num_threads(1)
    distributed.setup()
    gradients(Path(sys.argv[1]).read_text(), Path(sys.argv[2]))
    distributed.cleanup()


if __name__ == "__main__":
    main()
