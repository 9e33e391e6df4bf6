"""Faults of a config that types cannot show, all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fvcore.common.config import CfgNode

from backbones.config.check import optimizer_faults
from backbones.config.keys import get, value_faults
from backbones.config.load import ConfigError
from backbones.plugins import HINT
from backbones.terminal.wording import nearest
from resdet.config.backbones import NETWORK, NETWORK_FPN, uses_fpn, uses_network, uses_vgg
from resdet.config.model_keys import BOX_HEAD, LOCALISERS
from resdet.config.schema import KEYS


def check(
    cfg: CfgNode,
    *,
    engine: str = "tv",
    heads: Sequence[str] = (),
    training: bool = True,
    source: str = "config",
) -> None:
    """Refuse what `engine` cannot build or train as written; `heads`: names of added box heads.

    Raises: ConfigError with every fault: key, what it must be, its value, the way out.
    """
    faults = [*_values(cfg, engine, heads), *_structure(cfg), *_localiser(cfg)]
    if training:
        faults += _training(cfg)
    if faults:
        raise ConfigError(source, faults)


def _values(cfg: CfgNode, engine: str, added: Sequence[str]) -> Iterator[str]:
    heads = (*BOX_HEAD.allowed, *added)
    head = get(cfg, BOX_HEAD.name)
    if head not in heads:
        hint = nearest(head, heads, cutoff=0.6) or HINT
        yield f"{BOX_HEAD.name} must be {' or '.join(map(repr, heads))}, got {head!r}{hint}"
    yield from value_faults(cfg, [key for key in KEYS if key is not BOX_HEAD], engine)


def _structure(cfg: CfgNode) -> Iterator[str]:
    model = cfg.MODEL
    if uses_network(cfg) != bool(model.BACKBONE.NETWORK):
        yield (
            f"MODEL.BACKBONE.NETWORK must be a name of backbones.names() with {NETWORK} or "
            f"{NETWORK_FPN}, and empty without, got {model.BACKBONE.NETWORK!r} with "
            f"{model.BACKBONE.NAME}"
        )
    if uses_network(cfg):  # its stages are compared when it is built
        return
    stages = _stages(cfg)
    head = model.ROI_BOX_HEAD.NAME
    if uses_fpn(cfg):
        levels = _levels(cfg)
        unknown = set(model.FPN.IN_FEATURES) - set(stages)
        if unknown or not model.FPN.IN_FEATURES:
            yield f"MODEL.FPN.IN_FEATURES must be of {stages}, got {model.FPN.IN_FEATURES}"
        if head == "Conv5Head":
            yield "MODEL.ROI_BOX_HEAD.NAME must be 'FC6FC7Head' on an FPN, got 'Conv5Head'"
    else:
        levels = stages[:-1] if head == "Conv5Head" else stages
        if head == "Conv5Head" and uses_vgg(cfg):
            yield "MODEL.ROI_BOX_HEAD.NAME must be 'FC6FC7Head' for VGG, got 'Conv5Head'"
    for key in ("RPN", "ROI_HEADS"):
        features = list(model[key].IN_FEATURES)
        if not features or not set(features) <= set(levels):
            yield f"MODEL.{key}.IN_FEATURES must be of {levels}, got {features}"
        elif not uses_fpn(cfg) and len(features) != 1:
            yield f"MODEL.{key}.IN_FEATURES must be one stage without an FPN, got {features}"
        elif key == "ROI_HEADS" and "".join(features) not in "".join(levels):
            yield f"MODEL.{key}.IN_FEATURES must follow each other in {levels}, got {features}"
    wanted = set(model.FPN.IN_FEATURES if uses_fpn(cfg) else model.RPN.IN_FEATURES)
    if not uses_vgg(cfg) and not wanted <= set(model.RESNETS.OUT_FEATURES):
        yield (
            f"MODEL.RESNETS.OUT_FEATURES must hold {sorted(wanted)}, which the detector reads, "
            f"got {model.RESNETS.OUT_FEATURES}"
        )
    if model.RESNETS.RES5_DILATION != 1 and not uses_vgg(cfg):
        spoilt = uses_fpn(cfg) or head == "Conv5Head" or model.RESNETS.DEPTH < 50
        if spoilt:
            yield (
                "MODEL.RESNETS.RES5_DILATION must be 1 on an FPN, under Conv5Head and below depth "
                f"50, got {model.RESNETS.RES5_DILATION}"
            )
    for key in ("SIZES", "ASPECT_RATIOS"):
        rows = model.ANCHOR_GENERATOR[key]
        if len(rows) not in (1, len(model.RPN.IN_FEATURES)):
            yield (
                f"MODEL.ANCHOR_GENERATOR.{key} must have 1 row or one for each of "
                f"MODEL.RPN.IN_FEATURES ({len(model.RPN.IN_FEATURES)}), got {len(rows)}"
            )


def _localiser(cfg: CfgNode) -> Iterator[str]:
    """Of one that reads one stage, detects in one pass and shows no box head a pooled region."""
    model, test = cfg.MODEL, cfg.TEST
    if model.META_ARCHITECTURE not in LOCALISERS:
        return
    if len(model.RPN.IN_FEATURES) != 1:
        yield f"MODEL.RPN.IN_FEATURES must be one stage of a localiser, got {model.RPN.IN_FEATURES}"
    if model.ROI_BOX_HEAD.NAME != "FC6FC7Head":
        yield (
            "MODEL.ROI_BOX_HEAD.NAME must be 'FC6FC7Head' of a localiser, which has a head of its "
            f"own, got {model.ROI_BOX_HEAD.NAME!r}"
        )
    asked = {
        "TEST.AUG.ENABLED": test.AUG.ENABLED,
        "TEST.REFINE": test.REFINE,
        "TEST.MAXOUT_SIZES": test.MAXOUT_SIZES,
        "TEST.ENSEMBLE": test.ENSEMBLE,
    }
    for key, value in asked.items():
        if value:
            yield f"{key} must be off for a localiser, which is tested in one pass, got {value!r}"


def _stages(cfg: CfgNode) -> list[str]:
    if uses_vgg(cfg):
        return [f"conv{i}" for i in range(1, 6)]
    return [f"res{i}" for i in range(2, 6)]


def _levels(cfg: CfgNode) -> list[str]:
    """The pyramid's levels, called after their strides, and one pooled from the last."""
    above = 1 if uses_vgg(cfg) else 0  # conv3 and res2 have stride 4
    numbers = [int(name[-1]) - above for name in cfg.MODEL.FPN.IN_FEATURES if name[-1:].isdigit()]
    return [f"p{n}" for n in [*numbers, *(n + 1 for n in numbers[-1:])]]


def _training(cfg: CfgNode) -> Iterator[str]:
    yield from optimizer_faults(cfg)
    if not cfg.DATASETS.TRAIN:
        yield "DATASETS.TRAIN must name a dataset, got none; name one, or give --data DIR"
