"""A trained network, ready to say what an image shows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple, overload

import numpy as np
import torch

from backbones.convolution.quick import place
from backbones.data.normalize import Normalizer
from backbones.data.transforms import centre_view
from backbones.evaluation.networks import LoadedNetwork, load_network
from backbones.images.decoding import ChannelOrder, Image
from backbones.images.given import ImageLike, as_list, each_rgb
from backbones.machine import distributed
from backbones.terminal.wording import count
from backbones.weights.interop import TORCHVISION


class Guess(NamedTuple):
    """A class and its probability in [0, 1]."""

    name: str
    probability: float
    label: int


class ImageClassifier:
    """A network with the classes and the preprocessing that it was trained with.

    It sees the centre of an image, as in the single-crop test of `resdet eval-backbone`.
    """

    def __init__(self, network: LoadedNetwork, device: torch.device, batch: int = 32) -> None:
        self.network = network
        self.model = network.model.to(memory_format=torch.channels_last).eval()
        place(self.model, device, learns=False)
        self.class_names = network.preprocessing.class_names or tuple(
            f"class{label}" for label in range(self.model.num_classes)
        )
        self.batch = batch
        self._normalize = Normalizer(network.preprocessing, device)

    def __repr__(self) -> str:
        name = self.network.model.arch["name"]
        many = count(len(self.class_names), "class", "classes")
        return f"ImageClassifier({name}, {many}, {self.network.size} pixels)"

    @overload  # a path is a sequence of paths to mypy
    def __call__(  # type: ignore[overload-overlap]
        self, images: ImageLike, *, channel_order: ChannelOrder | None = ..., top: int = ...
    ) -> list[Guess]: ...
    @overload
    def __call__(
        self,
        images: Sequence[ImageLike],
        *,
        channel_order: ChannelOrder | None = ...,
        top: int = ...,
    ) -> list[list[Guess]]: ...
    def __call__(
        self,
        images: ImageLike | Sequence[ImageLike],
        *,
        channel_order: ChannelOrder | None = None,
        top: int = 5,
    ) -> list[Guess] | list[list[Guess]]:
        """The `top` likeliest classes of an image, or of each of a list, by falling probability.

        Images are what `resdet.load`'s detector takes: paths, PIL images, arrays, tensors, the
        latter two with their `channel_order`.
        Raises: ValueError, FileNotFoundError: see `backbones.images.given`.
        """
        if top < 1:
            raise ValueError(f"top must be at least 1, got {top}")
        given, many = as_list(images)
        readers = each_rgb(given, channel_order, many)
        guesses: list[list[Guess]] = []
        for first in range(0, len(readers), self.batch):
            views = [self._view(read()) for read in readers[first : first + self.batch]]
            guesses += self._guesses(np.stack(views), top)
        return guesses if many else guesses[0]

    def _view(self, image: Image) -> Image:
        net = self.network
        return centre_view(image, size=net.size, shorter_side=net.shorter_side)

    @torch.inference_mode()
    def _guesses(self, views: Image, top: int) -> list[list[Guess]]:
        logits = self.model(self._normalize(torch.from_numpy(views)))
        found = logits.double().softmax(1).topk(min(top, logits.shape[1]))
        return [
            [Guess(self.class_names[n], p, n) for p, n in zip(probabilities, labels)]
            for probabilities, labels in zip(found.values.tolist(), found.indices.tolist())
        ]


def load(
    source: str | os.PathLike[str],
    name: str = "",
    *,
    device: str | torch.device = "",
    batch: int = 32,
) -> ImageClassifier:
    """The network of a checkpoint, ready to be called with images.

    `source` is a file of `resdet train-backbone`, one of others that `read_weights` knows, or
    torchvision:IMAGENET1K_V1 of the network `name`. `device` "" is a GPU where there is one.
    Raises: FileNotFoundError; ValueError if the file is broken or no network.
    """
    source = os.fspath(source)
    if source.startswith(TORCHVISION) and not name:
        raise ValueError(f'name must be given with {source}, such as "resnet50", got none')
    return ImageClassifier(load_network(source, name), distributed.asked_device(device), batch)
