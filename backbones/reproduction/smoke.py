"""A few images of a few classes, so that every network of a table runs in seconds."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from backbones.data.images import Images, open_images
from backbones.files.folder import whole_folder
from backbones.images.encoding import write_image

CLASSES, TRAIN, TEST = 10, 4, 2  # the images are of each class


def copy_few(root: Path, parent: Path) -> Path:
    """Write the first images of the first classes of `root` as PNG, once; return their folder.

    It lies in `parent`, under a name that other roots do not have.
    Raises: ValueError if `root` has no images to train or none to test.
    """
    named = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:8]
    folder = parent / f"{root.name}-{named}"
    if folder.is_dir():
        return folder
    splits = open_images(root)
    if splits.test is None:
        raise ValueError(f"--data must hold val/ or test/ to measure errors on, got {root}")
    with whole_folder(folder) as fresh:
        _write(splits.train, fresh / "train", TRAIN)
        _write(splits.test, fresh / "test", TEST)
    return folder


def _write(images: Images, folder: Path, count: int) -> None:
    """A class without images has no folder, as where they come from."""
    for label, name in enumerate(images.class_names[:CLASSES]):
        chosen = np.flatnonzero(images.labels == label)[:count]
        if len(chosen):
            (folder / name).mkdir(parents=True)
        for number, index in enumerate(chosen):
            bgr = images.read(int(index))[:, :, ::-1]
            write_image(folder / name / f"{number}.png", bgr)
