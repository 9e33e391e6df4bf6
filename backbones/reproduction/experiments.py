"""What each table and figure of the paper needs: networks, how they are tested, how it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from shlex import quote
from typing import Literal, Protocol, TypeVar

from backbones.evaluation.protocol import Test
from backbones.reproduction.paper import (
    TABLE_1,
    TABLE_2,
    TABLE_3,
    TABLE_4,
    TABLE_5,
    TABLE_6,
    PrintedTable,
)

Dataset = Literal["CIFAR-10", "ImageNet"]
Picture = Literal["comparison", "errors", "responses"]


class Labelled(Protocol):
    """A line of any table."""

    @property
    def label(self) -> str:
        """What it is called."""


RowT = TypeVar("RowT", bound=Labelled)


@dataclass(frozen=True)
class Network:
    """`model` of the registry, as `config` trains it.

    Its runs lie in runs/<name>-seed<n>/; of those published, the results in <name>.json of configs.
    """

    name: str
    config: str
    model: str
    shortcut: str = ""  # "": that of the config
    norm: str = ""  # that of the config, where it is not the network's own

    @property
    def overrides(self) -> dict[str, str]:
        """What its config lacks."""
        return {"MODEL.SHORTCUT": self.shortcut} if self.shortcut else {}


@dataclass(frozen=True)
class Row:
    """A line of a table: every seed of one network, or the ensemble of `members` under its name.

    `panels` are those of the figure that show it, in the colour of that number.
    """

    label: str
    network: Network
    panels: tuple[str, ...] = ()
    colour: int = 0
    members: tuple[tuple[Network, int], ...] = ()  # (network, seed)


@dataclass(frozen=True)
class Experiment:
    """A table or figure; `measures` are its columns, as MEASURES names them."""

    title: str
    dataset: Dataset
    rows: tuple[Row, ...]
    measures: tuple[str, ...]
    paper: PrintedTable = field(default_factory=dict)
    test: Test = "single"
    picture: Picture = "comparison"
    panels: tuple[str, ...] = ()
    limits: tuple[float, float] = (0.0, 100.0)  # of the error in the picture
    remark: str = ""

    @property
    def trains(self) -> bool:
        """Whether any of it must be trained: not where everything is counted."""
        return any(measure not in COUNTED for measure in self.measures)


# column -> its heading
MEASURES: Mapping[str, str] = {
    "layers": "layers",
    "parameters": "parameters, 10^6",
    "multiply_adds": "multiply-adds, 10^9",
    "top1_error": "top-1 error, %",
    "top5_error": "top-5 error, %",
    "num_responses": "3x3 layers",
    "mean_response": "mean response",
}
COUNTED = ("layers", "parameters", "multiply_adds")  # from the network alone
TOP1, BOTH = ("top1_error",), ("top1_error", "top5_error")
NUM_CLASSES: Mapping[str, int] = {"CIFAR-10": 10, "ImageNet": 1000}
NUM_TEST_IMAGES: Mapping[str, int] = {"CIFAR-10": 10000, "ImageNet": 50000}
CROP: Mapping[str, int] = {"CIFAR-10": 32, "ImageNet": 224}  # pixels

# A few iterations of every network on a few images: the path is proven, nothing is learnt.
SMOKE_LABEL = "smoke"
SMOKE_REMARK = (
    "A smoke: a few iterations of networks of an eighth of the width, on a few images. Its errors "
    "mean nothing."
)
_SMOKE = {
    "SOLVER.MAX_ITER": "4",
    "SOLVER.IMS_PER_BATCH": "4",
    "SOLVER.CUDA_GRAPHS": "False",
    "SOLVER.CHECKPOINT_KEEP": "1",
    "DATALOADER.NUM_WORKERS": "0",
    "DATASETS.HOLD_OUT": "0",
    "DATASETS.IN_MEMORY": "False",
    "MODEL.WIDTH": "0.125",
    "TEST.EVAL_PERIOD": "2",
    "TEST.PRECISE_BN.NUM_ITER": "1",
}
SMOKE_MEMBERS = 2  # of an ensemble
SMOKE: Mapping[str, Mapping[str, str]] = {
    "CIFAR-10": _SMOKE,
    "ImageNet": _SMOKE | {"INPUT.SIZE": "64"},
}

CIFAR_DEPTHS = (20, 32, 44, 56, 110, 1202)


def cifar(depth: int, kind: Literal["resnet", "plain"] = "resnet") -> Network:
    """A network of Section 4.2."""
    name = f"cifar10_{kind}{depth}"
    return Network(name, name, f"cifar_{kind}{depth}")


def imagenet(model: str, shortcut: str = "") -> Network:
    """A network of Section 4.1; without a shortcut, that of its config."""
    config = f"imagenet_{model}"
    return Network("_".join([config, *shortcut.lower()]), config, model, shortcut)


def peer(name: str, model: str) -> Network:
    """A system that the paper compares with, by the recipe of its own paper."""
    return Network(name, name, model)


def by_residual_recipe(network: Network, norm: str = "bn") -> Network:
    """The same network, trained as the residual ones are."""
    name = f"{network.config}_residual"
    return Network(name, name, network.model, norm=norm)


def _cifar_row(depth: int, kind: Literal["resnet", "plain"], *panels: str) -> Row:
    label = f"{'ResNet' if kind == 'resnet' else kind}-{depth}"
    return Row(label, cifar(depth, kind), panels, CIFAR_DEPTHS.index(depth))


def _imagenet_rows(*rows: tuple[str, str, str]) -> tuple[Row, ...]:
    return tuple(Row(label, imagenet(name, shortcut)) for label, name, shortcut in rows)


def _both_recipes(label: str, network: Network) -> tuple[Row, Row]:
    return Row(label, network), Row(f"{label}, residual recipe", by_residual_recipe(network))


_CIFAR_PEERS = {
    "Maxout": "maxout",
    "NIN": "nin",
    "DSN": "dsn",
    "FitNet-19": "fitnet19",
    "Highway-19": "highway19",
    "Highway-32": "highway32",
}
_GOOGLENET, _PRELU_NET, _BN_INCEPTION, _VGG16, _VGG19 = (
    imagenet(model) for model in ("googlenet", "prelu_net_c", "bn_inception", "vgg16", "vgg19")
)
_WITH_SHORTCUTS = (
    ("ResNet-34 B", "resnet34", ""),
    ("ResNet-34 C", "resnet34", "C"),
    ("ResNet-50", "resnet50", ""),
    ("ResNet-101", "resnet101", ""),
    ("ResNet-152", "resnet152", ""),
)
_ENSEMBLE = Network("imagenet_ensemble", "imagenet_resnet152", "resnet152")
_MEMBERS = (
    (imagenet("resnet34"), 1),
    (imagenet("resnet34", "C"), 1),
    (imagenet("resnet50"), 1),
    (imagenet("resnet101"), 1),
    (imagenet("resnet152"), 1),
    (imagenet("resnet152"), 2),
)
_TWINS = (  # of equal parameters: shortcut A
    Row("plain-18", imagenet("plain18"), ("plain",), 0),
    Row("plain-34", imagenet("plain34"), ("plain",), 1),
    Row("ResNet-18", imagenet("resnet18", "A"), ("residual",), 0),
    Row("ResNet-34", imagenet("resnet34", "A"), ("residual",), 1),
)
_PLAIN_CIFAR = tuple(_cifar_row(depth, "plain", "plain") for depth in CIFAR_DEPTHS[:4])
_DEEPEST = "110 and 1202 layers"
_RECIPES = (
    "Systems of other papers are trained by the recipe of their own paper, as its config says it, "
    "and by that of the residual networks: with their batch norm, without dropout."
)


def _seeds(label: str, network: Network, count: int) -> Row:
    """An ensemble of one network, trained `count` times."""
    ensemble = Network(f"{network.name}_ensemble", network.config, network.model)
    return Row(label, ensemble, members=tuple((network, seed + 1) for seed in range(count)))


EXPERIMENTS: Mapping[str, Experiment] = {
    "table1": Experiment(
        title="Table 1: parameters and multiply-adds of one crop",
        dataset="ImageNet",
        rows=_imagenet_rows(
            ("ResNet-18", "resnet18", ""),
            ("plain-34", "plain34", ""),
            ("ResNet-34", "resnet34", ""),
            ("ResNet-50", "resnet50", ""),
            ("ResNet-101", "resnet101", ""),
            ("ResNet-152", "resnet152", ""),
            ("VGG-19", "vgg19", ""),
        ),
        measures=("parameters", "multiply_adds"),
        paper=TABLE_1,
        remark="plain-34 and VGG-19 stand in Fig. 3. Residual networks have shortcut B and the "
        "paper's strides, in the first 1x1.",
    ),
    "table2": Experiment(
        title="Table 2: plain and residual networks on ImageNet validation, 10 crops",
        dataset="ImageNet",
        rows=_TWINS,
        measures=TOP1,
        paper=TABLE_2,
        test="10crop",
        remark="The residual networks have shortcut A: no more parameters than the plain ones.",
    ),
    "table3": Experiment(
        title="Table 3: ImageNet validation, 10 crops",
        dataset="ImageNet",
        rows=(
            *_both_recipes("VGG-16", _VGG16),
            *_both_recipes("GoogLeNet", _GOOGLENET),
            *_both_recipes("PReLU-net", _PRELU_NET),
            *_imagenet_rows(
                ("plain-34", "plain34", ""),
                ("ResNet-34 A", "resnet34", "A"),
                *_WITH_SHORTCUTS,
            ),
        ),
        measures=BOTH,
        paper=TABLE_3,
        test="10crop",
        remark=f"PReLU-net is model C of its paper, which printed these numbers. {_RECIPES}",
    ),
    "table4": Experiment(
        title="Table 4: single models on ImageNet validation, fully convolutional at five scales",
        dataset="ImageNet",
        rows=(
            *_both_recipes("GoogLeNet", _GOOGLENET),
            *_both_recipes("VGG (v5)", _VGG19),
            *_both_recipes("PReLU-net", _PRELU_NET),
            Row("BN-inception", _BN_INCEPTION),
            Row("BN-inception, residual recipe", by_residual_recipe(_BN_INCEPTION, norm="")),
            *_imagenet_rows(*_WITH_SHORTCUTS),
        ),
        measures=BOTH,
        paper=TABLE_4,
        test="multiscale",
        remark="GoogLeNet and BN-inception were tested on many crops, VGG on crops and whole "
        "images; PReLU-net is model C. VGG (ILSVRC'14), of which the paper does not say what it "
        f"is, has no row. {_RECIPES}",
    ),
    "table5": Experiment(
        title="Table 5: ensembles, fully convolutional at five scales",
        dataset="ImageNet",
        rows=(
            _seeds("GoogLeNet (ILSVRC'14)", _GOOGLENET, 7),
            Row(
                "VGG (v5)",
                Network("imagenet_vgg_ensemble", "imagenet_vgg19", "vgg19"),
                members=((_VGG16, 1), (_VGG19, 1)),
            ),
            _seeds("PReLU-net", _PRELU_NET, 6),
            _seeds("BN-inception", _BN_INCEPTION, 6),
            Row("ResNet (ILSVRC'15)", _ENSEMBLE, members=_MEMBERS),
        ),
        measures=("top5_error",),
        paper=TABLE_5,
        test="multiscale",
        remark="The paper's numbers are of ImageNet's test server, ours of the validation images. "
        "Of ResNet's six networks the paper names the two of 152 layers; the other four are our "
        "choice: 34 layers with B and C, 50, 101. The others are as many networks as in their "
        "papers, of one kind and different seeds: 7 GoogLeNets, VGG-16 and 19, 6 PReLU-nets C, 6 "
        "BN-Inceptions. VGG (ILSVRC'14) has no row: which seven networks it is, is not printed.",
    ),
    "table6": Experiment(
        title="Table 6: CIFAR-10 test",
        dataset="CIFAR-10",
        rows=(
            *(
                row
                for label, model in _CIFAR_PEERS.items()
                for row in _both_recipes(label, peer(f"cifar10_{model}", model))
            ),
            *(_cifar_row(depth, "resnet") for depth in CIFAR_DEPTHS),
        ),
        measures=("layers", "parameters", "top1_error"),
        paper=TABLE_6,
        remark=_RECIPES,
    ),
    "fig1": Experiment(
        title="Fig. 1: plain networks of 20 and 56 layers on CIFAR-10",
        dataset="CIFAR-10",
        rows=(_PLAIN_CIFAR[0], _PLAIN_CIFAR[3]),
        measures=TOP1,
        picture="errors",
        panels=("plain",),
        limits=(0.0, 20.0),
    ),
    "fig4": Experiment(
        title="Fig. 4: plain and residual networks on ImageNet, centre crop",
        dataset="ImageNet",
        rows=_TWINS,
        measures=TOP1,
        picture="errors",
        panels=("plain", "residual"),
        limits=(20.0, 60.0),
    ),
    "fig6": Experiment(
        title="Fig. 6: plain and residual networks on CIFAR-10",
        dataset="CIFAR-10",
        rows=(
            *_PLAIN_CIFAR,
            *(_cifar_row(depth, "resnet", "residual") for depth in CIFAR_DEPTHS[:4]),
            _cifar_row(110, "resnet", "residual", _DEEPEST),
            _cifar_row(1202, "resnet", _DEEPEST),
        ),
        measures=TOP1,
        paper={label: cells for label, cells in TABLE_6.items() if label.startswith("ResNet")},
        picture="errors",
        panels=("plain", "residual", _DEEPEST),
        limits=(0.0, 20.0),
    ),
    "fig7": Experiment(
        title="Fig. 7: standard deviations of layer responses on CIFAR-10",
        dataset="CIFAR-10",
        rows=(
            _cifar_row(20, "plain", "plain"),
            _cifar_row(56, "plain", "plain"),
            *(_cifar_row(depth, "resnet", "residual") for depth in (20, 56, 110)),
        ),
        measures=("num_responses", "mean_response"),
        picture="responses",
        panels=("plain", "residual"),
        remark="Responses are the outputs of each 3x3 layer after batch norm, before ReLU and "
        "addition, over test images.",
    ),
}


def find_rows(rows: Sequence[RowT], labels: Sequence[str]) -> Sequence[RowT]:
    """The rows of these labels, whatever their case; of none, all.

    Raises: ValueError naming the labels there are.
    """
    known = {row.label.casefold(): row for row in rows}
    unknown = [label for label in labels if label.casefold() not in known]
    if unknown:
        there, got = (
            ", ".join(map(quote, labels)) for labels in ((r.label for r in rows), unknown)
        )
        raise ValueError(f"--only must name rows of {there}, got {got}; copy one of these")
    return [known[label.casefold()] for label in labels] or rows
