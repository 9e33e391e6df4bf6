"""Run by torchrun in test_distributed.py: gradients of one step, or a short training."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import torch
from torch.nn.parallel import DistributedDataParallel

from backbones.machine import distributed
from backbones.training import solver
from backbones.training.loop import Learner, LoopSettings, TrainingRun, train
from backbones.training.runlog import RunLog
from resdet import config, engines
from resdet.detector.build import build_model


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


def learn(cfg_text: str, output: Path) -> None:
    """Train on the images with boxes in process 0 and on those without in all others."""
    cfg = config.loads(cfg_text, "test")
    distributed.seed_all(0)
    engine = engines.load("tv")
    model, _ = build_model(cfg, engine)
    optimizer = solver.build_optimizer(cfg, model)
    mine = [s for s in batch() if (len(s["boxes"]) > 0) == distributed.is_main()]
    settings = LoopSettings(cfg.SOLVER.MAX_ITER, images_per_iteration=4, log_period=10)
    with RunLog(output, "learn", cfg.SOLVER.MAX_ITER) as log:
        learner = Learner(
            DistributedDataParallel(model, broadcast_buffers=False),
            engine.compute_losses,
            optimizer,
            solver.build_scaler(cfg, torch.device("cpu")),
            solver.build_rate_factor(cfg),
        )
        train(learner, itertools.repeat(mine), settings, TrainingRun(), log)


def main() -> None:
    torch.set_num_threads(1)
    distributed.setup()
    act = {"gradients": gradients, "learn": learn}[sys.argv[1]]
    act(Path(sys.argv[2]).read_text(), Path(sys.argv[3]))
    distributed.cleanup()


if __name__ == "__main__":
    main()
