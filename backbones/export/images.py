"""The images by which an exported network is compared with the one it was made from."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from backbones.images.decoding import Image, read_image
from backbones.images.folders import SUFFIXES, is_image

COUNT = 5
# of the images that are made up
SIZES = ((480, 640), (600, 400), (375, 500), (512, 512), (300, 720))


def images_to_compare(folder: Path | None) -> list[tuple[str, Image]]:
    """Five named images, RGB, of different sizes if there are any; made up without `folder`.

    Raises: ValueError if `folder` has no five images that can be read.
    """
    if folder is None:
        return [(f"made up {at}", _made_up(*size, at)) for at, size in enumerate(SIZES, start=1)]
    if not folder.is_dir():
        raise ValueError(f"--images must be a folder, got {folder}, which is none")
    files = sorted(p for p in folder.rglob("*") if is_image(p.name))
    spread = {len(files) * at // COUNT for at in range(COUNT) if files}
    order = [files[at] for at in sorted(spread)] + [
        file for at, file in enumerate(files) if at not in spread
    ]
    found: dict[Path, Image] = {}
    spare: dict[Path, Image] = {}
    for file in order[: 4 * COUNT]:
        image = read_image(file, "RGB")
        known = any(image.shape == other.shape for other in found.values())
        (spare if known else found)[file] = image
        if len(found) == COUNT:
            break
    chosen = [*found.items(), *spare.items()][:COUNT]
    if len(chosen) < COUNT:
        raise ValueError(
            f"--images must hold {COUNT} images ({' '.join(sorted(SUFFIXES))}), got "
            f"{len(chosen)} in {folder}; add some, or leave it out: then they are made up"
        )
    return [(file.name, image) for file, image in chosen]


def _made_up(height: int, width: int, seed: int) -> Image:
    """Coloured shapes before a coloured texture, so that no two places look alike."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (height // 24, width // 24, 3), np.uint8)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(12):
        x, y = (int(rng.integers(side)) for side in (width, height))
        across, down = (int(n) for n in rng.integers(10, min(height, width) // 3, 2))
        colour = [int(c) for c in rng.integers(0, 256, 3)]
        kind = rng.integers(3)
        if kind == 0:
            cv2.rectangle(image, (x, y), (x + across, y + down), colour, cv2.FILLED)
        elif kind == 1:
            cv2.circle(image, (x, y), across // 2, colour, cv2.FILLED)
        else:
            corners = np.array([[x, y], [x + across, y + down], [x - across, y + down]])
            cv2.fillPoly(image, [corners], colour)
    noise = rng.integers(-12, 13, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)
