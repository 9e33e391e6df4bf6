"""Images from disk to batches on one core: resdet, torchvision, albumentations, decoding alone."""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from backbones.benchmarks.input_peers import albumentations_views, torchvision_views
from backbones.data.folder import ImageFolder
from backbones.data.loader import TrainingImages, make_training_batches
from backbones.data.normalize import Normalizer
from backbones.data.transforms import Views
from backbones.images.decoding import read_image
from backbones.images.folders import is_image
from backbones.machine.hardware import conditions
from backbones.weights.checkpoint import Preprocessing

Crop = Literal["scale", "area"]
BATCH = 25
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_SIZE = 224
_DRAWN = (375, 500)  # pixels of the median image of ImageNet
_DRAWN_COUNT = 75
NORMALIZE = "resdet, normalised on this core"
DECODE = "decode alone"


def benchmark_input(images: Path | None = None, *, rounds: int = 5) -> dict[str, Any]:
    """Time every way of the paper's views ("scale") and Szegedy's ("area"), in turn.

    `images` is a folder of JPEGs; without one, images of ImageNet's size are drawn. A round is one
    pass over them by each way; the figures are medians over the rounds, all on one thread. Ours
    ends in uint8, which the device normalises, its peers' in normalised float32.
    `ratio` is to torchvision's time; `of_decode_alone` the rate's share of that of decoding alone;
    `mean` and `std` are those of the normalised pixels.
    Raises: ValueError if the folder holds no image, or `rounds` is below 1.
    """
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, got {rounds}")
    with tempfile.TemporaryDirectory() as folder, one_thread():
        paths = find_images(images) if images else draw_images(Path(folder), _DRAWN_COUNT)
        sides = [min(read_image(path, "RGB").shape[:2]) for path in paths]
        measured = {
            "images": {
                "source": "folder" if images else "drawn",
                "count": len(paths),
                "kilobytes": round(statistics.mean(Path(x).stat().st_size for x in paths) / 1e3, 1),
                "median_shorter_side": statistics.median(sides),
            },
            "rounds": rounds,
            "scale": compare(_ways(paths, "scale"), len(paths), rounds),
            "area": compare(_ways(paths, "area"), len(paths), rounds),
        }
    return {**measured, **conditions(torch.device("cpu"))}


@contextmanager
def one_thread() -> Iterator[None]:
    """OpenCV and torch on one thread, as in a DataLoader's worker."""
    before = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before[0])
        torch.set_num_threads(before[1])


def find_images(folder: Path) -> list[str]:
    """Images below `folder`, whole batches of them. Raises: ValueError if there is none."""
    found = sorted(x for x in folder.rglob("*") if is_image(x.name))
    if len(found) < BATCH:
        raise ValueError(
            f"{folder} must hold at least {BATCH} images, got {len(found)}; name another folder"
        )
    return [str(path) for path in found[: len(found) // BATCH * BATCH]]


def draw_images(folder: Path, count: int) -> list[str]:
    """Write JPEGs of the size of ImageNet's median image: smooth noise, about as many bytes."""
    paths = []
    for number in range(count):
        rng = np.random.default_rng(number)
        height, width = _DRAWN if number % 4 else _DRAWN[::-1]
        image = np.zeros((height, width, 3))
        for detail, strength in ((60, 90), (12, 50), (3, 40)):
            few = rng.normal(0, strength, (-(-height // detail), -(-width // detail), 3))
            image += cv2.resize(few, (width, height), interpolation=cv2.INTER_LINEAR)
        pixels = np.clip(image + 118, 0, 255).astype(np.uint8)
        paths.append(str(folder / f"{number}.jpg"))
        cv2.imwrite(paths[-1], pixels, (cv2.IMWRITE_JPEG_QUALITY, 92))
    return paths


@dataclass(frozen=True)
class Way:
    """One way through all images; what `batches` yields is normalised if `compared`."""

    batches: Callable[[], Iterable[Any]]
    compared: bool = False

    def run(self) -> None:
        """Keep nothing: memory is used again, as in training."""
        for _ in self.batches():
            pass


def compare(ways: dict[str, Way], count: int, rounds: int) -> dict[str, Any]:
    """Run each of `ways`, of `count` images, in turn; the first is the peer, DECODE the floor."""
    for way in ways.values():
        way.run()  # imports, caches
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way.run()
            seconds[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    peer = next(iter(medians))
    return {
        "images_per_second": {name: round(count / value, 1) for name, value in medians.items()},
        "ratio": {name: round(medians[peer] / value, 3) for name, value in medians.items()},
        "of_decode_alone": {n: round(medians[DECODE] / v, 3) for n, v in medians.items()},
        "statistics": {
            name: _statistics(list(way.batches())) for name, way in ways.items() if way.compared
        },
    }


def _statistics(batches: Sequence[Tensor]) -> dict[str, list[float]]:
    pixels = torch.cat(list(batches)).transpose(0, 1).flatten(1).double()
    mean, std = pixels.mean(1), pixels.std(1)
    return {
        "mean": [round(x, 4) for x in mean.tolist()],
        "std": [round(x, 4) for x in std.tolist()],
    }


def _ways(paths: Sequence[str], crop: Crop) -> dict[str, Way]:
    views = Views(
        size=_SIZE,
        crop=crop,
        shorter_side_train=(256, 480),
        padding=0,
        shorter_side_test=256,
        flip=True,
        alexnet_color=crop == "scale",
        trivial_augment=False,
        erasing=0.0,
    )
    labels = np.zeros(len(paths), np.int64)
    images = TrainingImages(ImageFolder(("image",), tuple(paths), labels), views, seed=0)
    normalize = Normalizer(Preprocessing("RGB", 1.0, MEAN, STD), "cpu")

    def ours() -> Iterator[Tensor]:
        """One epoch."""
        batches = make_training_batches(images, batch_size=BATCH)
        return (batch for batch, _ in islice(batches, len(paths) // BATCH))

    ways = {"torchvision, PIL": _peer(paths, torchvision_views(crop))}
    if importlib.util.find_spec("albumentations"):
        ways["OpenCV, albumentations"] = _peer(paths, albumentations_views(crop))
    data = [np.fromfile(path, np.uint8) for path in paths]
    ways["resdet"] = Way(ours)
    ways[NORMALIZE] = Way(lambda: map(normalize, ours()), compared=True)
    ways[DECODE] = Way(lambda: map(_decode, data))
    return ways


def _decode(data: NDArray[np.uint8]) -> bool:
    return cv2.imdecode(data, cv2.IMREAD_COLOR) is not None


class _Files(Dataset[tuple[Tensor, int]]):
    def __init__(self, paths: Sequence[str], view: Callable[[str], Tensor]) -> None:
        self._paths = paths
        self._view = view

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self._view(self._paths[index]), 0


def _peer(paths: Sequence[str], view: Callable[[str], Tensor]) -> Way:
    batches = DataLoader(_Files(paths, view), BATCH)
    return Way(lambda: (images for images, _ in batches), compared=True)
