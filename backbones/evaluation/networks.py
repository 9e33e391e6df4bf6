"""Networks to test: their weights, and how they want their images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbones.config.classification import SHORTER_SIDES
from backbones.features import Classifier
from backbones.machine.outline import outline
from backbones.registry import create
from backbones.weights.checkpoint import Preprocessing, backbone_hash
from backbones.weights.interop import TORCHVISION, fill, read_weights


@dataclass(frozen=True)
class LoadedNetwork:
    """A network with its weights, read from `source`, and the `recipe` that trained it.

    Unit: pixels; `size` of a crop, `shorter_side` of the image it is cut from.
    """

    source: str
    hash: str
    model: Classifier
    preprocessing: Preprocessing
    recipe: dict[str, Any]
    size: int
    shorter_side: int

    def describe(self) -> dict[str, Any]:
        """What a result says of it."""
        return {
            "model": self.model.arch["name"],
            "weights": self.source,
            "hash": self.hash,
            "size": self.size,
            "shorter_side": self.shorter_side,
        }


def load_network(
    source: str, name: str = "", *, size: int = 0, shorter_side: int = 0
) -> LoadedNetwork:
    """Read a file of any kind that `weights.interop` knows, or `torchvision:<weights>` of `name`.

    A `size` or `shorter_side` of 0 is that of the recipe; where only `size` is given, the shorter
    side keeps its proportion to it.
    Raises: ValueError if the weights are of another network than `name`, or have no sizes.
    """
    if source.startswith(TORCHVISION) and not name:
        raise ValueError(f"--model must be given with {source}, which names no network, got none")
    weights = read_weights(source, name)
    if name:
        _check_name(name, weights.arch, source)
    model = create(**weights.arch, num_classes=weights.num_classes)
    fill(model, weights, source)
    size, shorter_side = _sizes(weights.recipe, source, size, shorter_side)
    return LoadedNetwork(
        source,
        weights.hash or backbone_hash(weights.model, weights.arch, weights.preprocessing),
        model.eval(),
        weights.preprocessing,
        weights.recipe,
        size,
        shorter_side,
    )


def parse_member(text: str) -> tuple[str, str]:
    """("resnet50", FILE) of "resnet50=FILE", ("", FILE) of "FILE"."""
    name, equals, source = text.partition("=")
    named = equals and name.isidentifier() and not Path(text).exists()
    return (name, source) if named else ("", text)


def _check_name(name: str, arch: dict[str, Any], source: str) -> None:
    """Hold `arch` to all that `name` says: vgg16_bn is vgg16 and its norm."""
    with outline():
        asked = create(name).arch
        plain = create(asked["name"]).arch
    said = {k: v for k, v in asked.items() if k == "name" or v != plain.get(k)}
    faults = [f"{k} {arch.get(k)!r}, not {v!r}" for k, v in said.items() if arch.get(k) != v]
    if faults:
        raise ValueError(
            f"--model must be the network of {source}, got {name}: the weights have "
            f"{'; '.join(faults)}; leave --model out, or give other weights"
        )


def _sizes(recipe: dict[str, Any], source: str, size: int, shorter_side: int) -> tuple[int, int]:
    own = recipe.get("INPUT", {})
    own_size = own.get("SIZE_TEST") or own.get("SIZE", 0)
    if not (size or own_size):
        raise ValueError(
            f"{source} must say the size of its images, got no recipe; give --size and "
            "--shorter-side"
        )
    shorter = own.get("MIN_SIZE_TEST")
    ratio = shorter / own_size if shorter and own_size else SHORTER_SIDES[0]
    size = size or own_size
    shorter_side = shorter_side or round(size * ratio)
    if shorter_side < size:
        raise ValueError(
            f"--shorter-side must be at least the crop size {size} of {source}, "
            f"got {shorter_side}; give a larger one, or a smaller --size"
        )
    return size, shorter_side
