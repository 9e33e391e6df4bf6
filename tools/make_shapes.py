"""Writes synthetic shapes for detection, in VOC and COCO form, and crops of them for a classifier.

python tools/make_shapes.py --output datasets/shapes --train 600 --val 100 --test 200
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True, help="the folder to write")
    parser.add_argument("--train", type=int, default=600, help="images for training [600]")
    parser.add_argument("--val", type=int, default=100, help="images for validation [100]")
    parser.add_argument("--test", type=int, default=200, help="images for testing [200]")
    parser.add_argument("--size", type=int, default=160, help="side of an image in pixels [160]")
    parser.add_argument("--seed", type=int, default=0, help="other seed, other images [0]")
    parser.add_argument("--crops", type=Path, help="write crops of the objects to this folder too")
    parser.add_argument("--crop-size", type=int, default=64, help="side of a crop in pixels [64]")
    args = parser.parse_args(argv)

    from resdet.data.shapes import SPLITS, make_shape_crops, make_shapes

    written = make_shapes(
        args.output,
        num_train=args.train,
        num_val=args.val,
        num_test=args.test,
        size=args.size,
        seed=args.seed,
    )
    print(f"{args.output}: {'written' if written else 'found as asked, kept'}")
    for split in SPLITS:
        print(_counted(args.output, split))
    if args.crops:
        written = make_shape_crops(args.output, args.crops, size=args.crop_size, seed=args.seed)
        print(f"{args.crops}: {'written' if written else 'found as asked, kept'}")


def _counted(root: Path, split: str) -> str:
    import numpy as np

    from resdet.data.voc import load_voc

    dataset = load_voc(root, split)
    labels = np.concatenate([r.ground_truth.labels for r in dataset.records if r.ground_truth])
    counts = np.bincount(labels, minlength=len(dataset.class_names))
    classes = "  ".join(f"{name} {count}" for name, count in zip(dataset.class_names, counts))
    return f"  {split:5} {len(dataset):5} images  {classes}"


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
