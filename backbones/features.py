"""A network as a chain of named stages: what detection asks of a classifier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import Tensor, nn


@dataclass(frozen=True)
class StageInfo:
    """What a stage hands on.

    Unit: stride in pixels of the network's input.
    """

    name: str
    channels: int
    stride: int


class StagedModule(nn.Module):
    """Stages run one after another, each a child under its own name.

    State-dict keys of a stage are `<stage>.*`, in the classifier and in every trunk cut from it.
    """

    def __init__(self, stages: Mapping[str, nn.Module], infos: Mapping[str, StageInfo]) -> None:
        super().__init__()
        self._infos = {name: infos[name] for name in stages}
        for name, stage in stages.items():
            self.add_module(name, stage)

    def stage_infos(self) -> dict[str, StageInfo]:
        """Name, channels and stride of every stage, first to last."""
        return dict(self._infos)

    def stages(self) -> dict[str, nn.Module]:
        """Return the stages themselves, first to last."""
        return {name: self.get_submodule(name) for name in self._infos}

    def features(self, x: Tensor, stages: Sequence[str]) -> dict[str, Tensor]:
        """Run up to the last of `stages`; return the output of each.

        Shape: (N, 3, H, W) -> {name: (N, channels, H / stride, W / stride)}.
        Raises: ValueError for a stage that the network does not have.
        """
        self.check_stages(stages)
        outputs: dict[str, Tensor] = {}
        for name, stage in self.stages().items():
            x = stage(x)
            if name in stages:
                outputs[name] = x
                if len(outputs) == len(set(stages)):
                    break
        return outputs

    def check_stages(self, stages: Sequence[str]) -> None:
        """Raise a ValueError unless each of `stages`, at least one, is a stage of this network."""
        unknown = [name for name in stages if name not in self._infos]
        if unknown or not stages:
            raise ValueError(f"stages must be among {list(self._infos)}, got {list(stages)}")


Staged = TypeVar("Staged", bound=StagedModule)


class Trunk(StagedModule):
    """Stages without a classifier; `out_features` are what `forward` returns, by default the last.

    Shape: (N, 3, H, W) -> {name: (N, channels, H / stride, W / stride)}.
    """

    def __init__(
        self,
        stages: Mapping[str, nn.Module],
        infos: Mapping[str, StageInfo],
        out_features: Sequence[str] = (),
    ) -> None:
        super().__init__(stages, infos)
        self.out_features = tuple(out_features) or tuple(stages)[-1:]
        self.check_stages(self.out_features)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Return `features` of the stages chosen at construction."""
        return self.features(x, self.out_features)


class Classifier(StagedModule):
    """Stages and a head of linear layers.

    `arch` holds the keyword arguments with which `backbones.create` builds the same network,
    its name included; the number of classes stands beside it. A network with companions returns in
    training a tuple, its own logits first; the loss of each of the others weighs
    `companion_weight`.
    """

    arch: dict[str, Any]
    num_classes: int
    classifier_names: tuple[str, ...]  # what depends on the number of classes, the last layer first
    companion_weight: float = 0.0

    def trunk(self, *out_features: str) -> Trunk:
        """Return the stages up to the deepest of `out_features`; they are shared, not copied.

        Raises: ValueError for a stage that the network does not have.
        """
        self.check_stages(out_features)
        names = list(self._infos)
        deepest = max(names.index(name) for name in out_features)
        stages = dict(list(self.stages().items())[: deepest + 1])
        return Trunk(stages, self._infos, out_features)


@contextmanager
def in_eval_mode(model: nn.Module) -> Iterator[None]:
    """Hold `model` in eval mode inside the block; then every module is again as it was."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
