"""How else an image becomes a training view: the pipelines that the input is compared with."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision import transforms

from backbones.data.transforms import AREA_RANGE, COLOR_STD, EIGENVALUES, EIGENVECTORS, RATIO_RANGE
from backbones.machine.versions import look_for_no_updates

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIZE, SIDES = 224, (256, 480)


def torchvision_views(crop: str) -> Callable[[str], Tensor]:
    """Of a file, by torchvision's transforms on Pillow's images.

    Source: torchvision's references/classification/presets.py for "area"; for "scale", which it
    lacks, its Resize and RandomCrop in the words of He et al. 2016, Section 3.4.
    """
    bilinear = transforms.InterpolationMode.BILINEAR
    finish = [transforms.RandomHorizontalFlip(), transforms.ToTensor()]
    normalize = transforms.Normalize(MEAN, STD)
    if crop == "area":
        cut = transforms.RandomResizedCrop(SIZE, AREA_RANGE, RATIO_RANGE, interpolation=bilinear)
        whole = transforms.Compose([cut, *finish, normalize])
    else:
        steps = [_ScaleAtRandom(), transforms.RandomCrop(SIZE), *finish, _Lighting(), normalize]
        whole = transforms.Compose(steps)

    def view(path: str) -> Tensor:
        with open(path, "rb") as file:
            return whole(Image.open(file).convert("RGB"))

    return view


class _ScaleAtRandom:
    def __call__(self, image: Any) -> Any:
        side = random.randint(*SIDES)
        return transforms.functional.resize(image, side)


class _Lighting:
    def __init__(self) -> None:
        self._vectors = torch.tensor(EIGENVECTORS, dtype=torch.float32)
        self._values = torch.tensor(EIGENVALUES, dtype=torch.float32)

    def __call__(self, image: Tensor) -> Tensor:
        shift = self._vectors @ (torch.randn(3) * COLOR_STD * self._values)
        return image + shift[:, None, None]


def albumentations_views(crop: str) -> Callable[[str], Tensor]:
    """Of a file, by OpenCV and albumentations."""
    look_for_no_updates()
    import albumentations as lib

    finish = [lib.HorizontalFlip(p=0.5), lib.Normalize(MEAN, STD)]
    if crop == "area":
        cut = lib.RandomResizedCrop((SIZE, SIZE), AREA_RANGE, RATIO_RANGE)
        steps = [cut, *finish]
    else:
        sides = list(range(SIDES[0], SIDES[1] + 1))
        color = lib.FancyPCA(alpha=COLOR_STD, p=1.0)
        steps = [lib.SmallestMaxSize(sides), lib.RandomCrop(SIZE, SIZE), color, *finish]
    whole = lib.Compose(steps, seed=0)

    def view(path: str) -> Tensor:
        image = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
        chw = whole(image=image)["image"].transpose(2, 0, 1)
        return torch.from_numpy(np.ascontiguousarray(chw))

    return view
