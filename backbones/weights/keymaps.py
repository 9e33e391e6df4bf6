"""Names of others for the numbers of our networks, both ways, and what comes with each kind.

A kind is a family of published files. Their keys show it, and with it come the stride placement,
the shortcut, the epsilon and what the network was trained to see; no file of theirs says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor

from backbones.features import Classifier
from backbones.machine.outline import outline
from backbones.peers.googlenet import GoogLeNet
from backbones.registry import create
from backbones.resnet import TABLE_1
from backbones.terminal.wording import shorten
from backbones.vgg import VGG
from backbones.weights import batch_norms, names
from backbones.weights.batch_norms import EPS
from backbones.weights.names import Rules

GOOGLENET_EPS = 1e-3
_READ = {"msra": batch_norms.whole, "pretrainedmodels": batch_norms.without_biases}
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_COUNT = "num_batches_tracked"  # torch's modules count batches; frozen norms and Caffe do not
_LISTED = 10  # keys of a fault that are named
_StateDict = dict[str, Tensor]


@dataclass(frozen=True)
class Kind:
    """One family of published files; `markers` are keys that all of a set must be there.

    Unit: mean and std in units of pixel * scale, in `channel_order`.
    """

    name: str
    markers: tuple[frozenset[str], ...]
    networks: str  # a regular expression
    rules: Rules
    stride_in_1x1: bool = False
    shortcut: str = "B"
    channel_order: Literal["RGB", "BGR"] = "RGB"
    scale: float = 1 / 255
    mean: tuple[float, ...] = _IMAGENET_MEAN
    std: tuple[float, ...] = _IMAGENET_STD
    test_size: tuple[int, int] = (224, 256)  # INPUT.SIZE and INPUT.MIN_SIZE_TEST


_RESNETS, _VGGS = r"resnet(18|34|50|101|152)", r"vgg(16|19)(_bn)?"
_GOOGLENET = "googlenet_torchvision"
# a key that one network alone has
_SOLE = {
    "inception3a.branch1.conv.weight": _GOOGLENET,
    "inception_3a_1x1.weight": "bn_inception_caffe",
}
KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "torchvision",  # and timm's residual networks, which have these names
            (
                frozenset({"conv1.weight", "layer4.0.conv1.weight", "fc.weight"}),
                frozenset({"features.0.weight", "classifier.0.weight", "classifier.6.weight"}),
                frozenset({"conv1.conv.weight", "inception3a.branch1.conv.weight", "fc.weight"}),
            ),
            rf"{_RESNETS}|{_VGGS}|{_GOOGLENET}",
            names.TORCHVISION,
        ),
        Kind(
            "timm",
            (frozenset({"features.0.weight", "pre_logits.fc1.weight", "head.fc.weight"}),),
            rf"{_RESNETS}|{_VGGS}",
            names.TORCHVISION,
        ),
        # Source: detectron2, MODEL_ZOO.md, "ImageNet Pretrained Models"; config/defaults.py.
        Kind(
            "msra",
            (frozenset({"conv1_w", "res2_0_branch2a_w", "fc1000_w"}),),
            r"resnet(50|101|152)",
            names.MSRA,
            stride_in_1x1=True,
            channel_order="BGR",
            scale=1.0,
            mean=(103.53, 116.28, 123.675),
            std=(1.0, 1.0, 1.0),
        ),
        # torchvision's networks under detectron2's names: its tools/convert-torchvision-to-d2.py
        Kind(
            "detectron2",
            (frozenset({"stem.conv1.weight", "res2.0.conv1.norm.weight", "stem.fc.weight"}),),
            _RESNETS,
            names.DETECTRON2,
        ),
        # Source: github.com/akamaster/pytorch_resnet_cifar10, resnet.py and trainer.py.
        Kind(
            "akamaster",
            (frozenset({"conv1.weight", "layer3.0.conv1.weight", "linear.weight"}),),
            r"cifar_resnet\d+",
            names.AKAMASTER,
            shortcut="A",
            test_size=(32, 32),
        ),
        Kind(
            "pretrainedmodels",
            (frozenset({"conv1_7x7_s2.weight", "inception_3a_1x1.weight", "last_linear.weight"}),),
            "bn_inception_caffe",
            names.PRETRAINEDMODELS,
            channel_order="BGR",
            scale=1.0,
            mean=(104.0, 117.0, 128.0),
            std=(1.0, 1.0, 1.0),
        ),
    )
}


def detect(state: Mapping[str, Any], source: str) -> Kind:
    """The one kind whose keys `state` has. Raises: ValueError that lists the kinds."""
    found = [k for k in KINDS.values() if any(marker <= state.keys() for marker in k.markers)]
    if len(found) != 1:
        some = ", ".join(list(state)[:3]) or "no keys"
        raise ValueError(
            f"weights of {source} must be of one kind among ours, {', '.join(KINDS)}, got keys of "
            f"{' and '.join(kind.name for kind in found) or 'none'} ({some}, ...)"
        )
    return found[0]


def check_network(kind: Kind, name: str) -> None:
    """Raise a ValueError if `kind` has no network `name`."""
    if not re.fullmatch(kind.networks, name):
        raise ValueError(f"a network of kind {kind.name} must be {kind.networks}, got {name}")


def to_ours(
    kind: Kind, state: Mapping[str, Tensor], name: str = ""
) -> tuple[Classifier, _StateDict]:
    """The network (on the meta device) of a state dict of `kind`, and its weights in our names.

    Without `name` the network is the one whose blocks the keys show.
    Raises: ValueError that lists the keys without a counterpart on either side, or other shapes.
    """
    theirs = _READ.get(kind.name, dict)(state)
    model = _network_of(kind, theirs, name or network_name(theirs))
    name = model.arch["name"]
    ours = rename(theirs, {t: o for o, t in key_map(kind, model).items()}, name)
    ours = _reorder(kind, model, _flat_linears(ours), inverse=False)
    own = model.state_dict()
    wrong = [
        f"{key} must be {tuple(own[key].shape)}, got {tuple(value.shape)}"
        for key, value in ours.items()
        if value.shape != own[key].shape
    ]
    if wrong:
        more = f"; and {len(wrong) - _LISTED} more" if len(wrong) > _LISTED else ""
        raise ValueError(
            f"weights of {name} must have its shapes: {'; '.join(wrong[:_LISTED])}{more}"
        )
    return model, ours


def from_ours(kind: Kind, model: Classifier, state: Mapping[str, Tensor]) -> _StateDict:
    """Weights of our network `model` in the names of `kind`; inverse of `to_ours`.

    Raises: ValueError that lists what the kind has not, or the keys without a counterpart.
    """
    check_network(kind, model.arch["name"])
    eps = GOOGLENET_EPS if isinstance(model, GoogLeNet) else EPS
    expected = {"shortcut": kind.shortcut, "stride_in_1x1": kind.stride_in_1x1, "eps": eps}
    if kind.name == "akamaster" and model.arch["shortcut"] == "B":
        expected["shortcut"] = "B"
    faults = [
        f"{key} must be {value}, got {model.arch[key]}"
        for key, value in expected.items()
        if model.arch.get(key, value) != value
    ]
    if model.arch.get("norm") == "gn":
        faults.append("norm must be a batch norm, got gn")
    if faults:
        raise ValueError(
            f"{model.arch['name']} must be as files of kind {kind.name} are: {'; '.join(faults)}"
        )
    keys = key_map(kind, model)
    if kind.name in ("msra", "detectron2"):
        state = {key: value for key, value in state.items() if not key.endswith(_COUNT)}
    theirs = rename(_reorder(kind, model, state, inverse=True), keys, model.arch["name"])
    if kind.name == "timm" and isinstance(model, VGG):
        pooled = (theirs["pre_logits.fc1.weight"].shape[0], -1, 7, 7)
        theirs["pre_logits.fc1.weight"] = theirs["pre_logits.fc1.weight"].reshape(pooled)
        theirs["pre_logits.fc2.weight"] = theirs["pre_logits.fc2.weight"][:, :, None, None]
    return batch_norms.with_biases(theirs) if kind.name == "pretrainedmodels" else theirs


def from_torchvision(name: str, state: Mapping[str, Tensor]) -> _StateDict:
    """Rename a torchvision state dict to the names of our network `name`.

    Raises: ValueError that lists the keys without a counterpart, on either side.
    """
    return to_ours(KINDS["torchvision"], state, name)[1]


def to_torchvision(name: str, state: Mapping[str, Tensor]) -> _StateDict:
    """Rename a state dict of our network `name` to torchvision's names; inverse of the above.

    Raises: ValueError that lists the keys without a counterpart, on either side.
    """
    kind = KINDS["torchvision"]
    check_network(kind, name)
    arguments: dict[str, Any] = {}
    if any(key.endswith("running_mean") for key in state):
        arguments["norm"] = "bn"
    if name == _GOOGLENET:
        arguments["companions"] = any(key.startswith("companions.") for key in state)
    with outline():
        model = create(name, **arguments)
    return rename(state, key_map(kind, model), name)


def key_map(kind: Kind, model: Classifier) -> dict[str, str]:
    """Every key of our network, with its name in files of `kind`."""
    rules = names.GOOGLENET if isinstance(model, GoogLeNet) else kind.rules
    rules = _vgg_rules(kind, model) if isinstance(model, VGG) else rules
    return {key: _apply(rules, key) for key in model.state_dict()}


def rename(state: Mapping[str, Tensor], keys: Mapping[str, str], name: str) -> _StateDict:
    """Raise a ValueError that lists the keys without a counterpart on either side."""
    unknown = [key for key in state if key not in keys]
    missing = [key for key in keys if key not in state and not key.endswith(_COUNT)]
    if unknown or missing:
        raise ValueError(
            f"weights of {name} must match every key; "
            f"unknown keys: {shorten(unknown) if unknown else 'none'}; "
            f"missing keys: {shorten(missing) if missing else 'none'}"
        )
    return {keys[key]: value for key, value in state.items()}


def channel_orders(kind: Kind, model: Classifier) -> dict[str, Tensor]:
    """For each stage, the channel of theirs that is channel 0, 1, ... of ours.

    akamaster's option A pads half of the new channels in front, ours pads them all behind: the
    same function, under another order of the channels.
    """
    infos = list(model.stage_infos().values())
    orders = {infos[0].name: torch.arange(infos[0].channels)}
    for before, info in pairwise(infos):
        front = (info.channels - before.channels) // 2
        inherited = orders[before.name] + front
        new = [torch.arange(front), torch.arange(front + before.channels, info.channels)]
        padded = torch.cat([inherited, *new])
        orders[info.name] = padded if _pads_around(kind, model) else torch.arange(len(padded))
    return orders


def _reorder(
    kind: Kind, model: Classifier, state: Mapping[str, Tensor], *, inverse: bool
) -> _StateDict:
    """Bring the channels between blocks into our order, or back into theirs."""
    if not _pads_around(kind, model):
        return dict(state)
    orders = channel_orders(kind, model)
    if inverse:
        orders = {stage: order.argsort() for stage, order in orders.items()}
    stages, reordered = list(orders), dict(state)
    for key, value in state.items():
        stage, *parts = key.split(".")
        if key == "fc.weight":
            reordered[key] = value[:, orders[stages[-1]]]
        elif stage in stages[1:] and parts[-1] != _COUNT:
            block, layer, _ = parts
            if layer == "conv1":
                inputs = stage if block != "0" else stages[stages.index(stage) - 1]
                reordered[key] = value[:, orders[inputs]]
            elif layer in ("conv2", "norm2"):
                reordered[key] = value[orders[stage]]
    return reordered


def _pads_around(kind: Kind, model: Classifier) -> bool:
    return kind.name == "akamaster" and model.arch["shortcut"] == "A"


def _flat_linears(state: Mapping[str, Tensor]) -> _StateDict:
    """VGG of timm convolves where ours multiplies: the same numbers in the same order."""
    return {k: v.flatten(1) if k in ("fc6.weight", "fc7.weight") else v for k, v in state.items()}


def _vgg_rules(kind: Kind, model: VGG) -> Rules:
    """Number the layers as torchvision does: in one row, ReLU and pools included."""
    linears = {
        "torchvision": ("classifier.0", "classifier.3", "classifier.6"),
        "timm": ("pre_logits.fc1", "pre_logits.fc2", "head.fc"),
    }[kind.name]
    rules = list(zip((r"^fc6\.", r"^fc7\.", r"^fc8\."), (f"{name}." for name in linears)))
    row = [f"{s}.{n}" for s, stage in model.stages().items() for n, _ in stage.named_children()]
    rules += [(rf"^{re.escape(layer)}\.", f"features.{i}.") for i, layer in enumerate(row)]
    return tuple(rules)


def _apply(rules: Rules, key: str) -> str:
    for pattern, replacement in rules:
        key = re.sub(pattern, replacement, key)
    return key


def _network_of(kind: Kind, state: Mapping[str, Tensor], name: str) -> Classifier:
    """Build, on the meta device, the network `name` with the options and widths of the keys."""
    arguments: dict[str, Any] = {}
    check_network(kind, name)
    if any(key.endswith("running_mean") for key in state):
        arguments["norm"] = "bn"
    if name == _GOOGLENET:
        arguments["companions"] = any(key.startswith("aux") for key in state)
    if "resnet" in name:
        projected = any(".shortcut.0." in key for key in state)
        arguments["shortcut"] = "B" if projected else kind.shortcut
    if name.startswith("resnet"):
        arguments["stride_in_1x1"] = kind.stride_in_1x1
    with outline():
        narrow = create(name, num_classes=1, **arguments)
        keys = key_map(kind, narrow)
        head = state.get(keys[f"{narrow.classifier_names[0]}.weight"])
        stem = state.get(keys[next(iter(keys))])
        if head is None or stem is None:
            return narrow
        channels = next(iter(narrow.stage_infos().values())).channels
        arguments["width"] = stem.shape[0] / channels
        return create(name, num_classes=head.shape[0], **arguments)


def network_name(state: Mapping[str, Tensor]) -> str:
    """Our name of the network, from the numbers of blocks or layers that the keys show.

    Raises: ValueError if it is none of the paper's.
    """
    sole = [name for key, name in _SOLE.items() if key in state]
    if sole:
        return sole[0]
    convolutions = [k for k, v in state.items() if k.startswith("features.") and v.ndim == 4]
    if convolutions:
        return f"vgg{len(convolutions) + 3}"
    found = {
        match.groups()
        for key in state
        if (match := re.match(r"(?:layer|res)(\d)[._](\d+)[._]", key))
    }
    depths = Counter(stage for stage, _ in found)  # counted: a key may claim any number
    blocks = tuple(depths[stage] for stage in sorted(depths))
    if len(blocks) == 3 and len(set(blocks)) == 1:
        return f"cifar_resnet{6 * blocks[0] + 2}"
    bottleneck = any(re.search(r"\.conv3\.|_branch2c_", key) for key in state)
    for depth, (kind, table) in TABLE_1.items():
        if table == blocks and (kind.expansion > 1) == bottleneck:
            return f"resnet{depth}"
    raise ValueError(
        f"blocks in each stage must be those of a network of the paper, got {blocks} "
        f"of {'three' if bottleneck else 'two'} layers"
    )
