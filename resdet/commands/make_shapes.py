"""Write synthetic shapes in VOC and COCO form, and crops of them for a classifier.

examples:
  resdet make-shapes --output datasets/shapes
  resdet make-shapes --output demo/shapes --train 800 --val 100 --test 200 --crops demo/crops
  resdet make-shapes --output demo/shapes --imagenet demo/ILSVRC
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser, positive, whole
    from backbones.terminal.planned import writes

    parser = Parser(__doc__)
    add = parser.add_argument
    output = add("--output", type=Path, required=True, metavar="DIR", help="the folder to write")
    writes(output, "whole")
    add("--train", type=whole, default=600, metavar="N", help="images for training [600]")
    add("--val", type=whole, default=100, metavar="N", help="images for validation [100]")
    add("--test", type=whole, default=200, metavar="N", help="images for testing [200]")
    add("--size", type=positive, default=160, metavar="N", help="side of an image, pixels [160]")
    add("--seed", type=whole, default=0, metavar="N", help="other seed, other images [0]")
    crops = add("--crops", type=Path, metavar="DIR", help="write crops of the objects here too")
    writes(crops, "whole")
    add("--crop-size", type=positive, default=64, metavar="N", help="side of a crop, pixels [64]")
    trees = add(
        "--imagenet", type=Path, metavar="DIR", help="write them as ImageNet's DET and CLS-LOC too"
    )
    writes(trees, "whole")
    return parser


def main(argv: Sequence[str]) -> None:
    args = arguments().parse_args(argv)

    from resdet.data.shapes.make import SPLITS, make_shape_crops, make_shape_imagenet, make_shapes

    written = make_shapes(
        args.output,
        num_train=args.train,
        num_val=args.val,
        num_test=args.test,
        size=args.size,
        seed=args.seed,
    )
    print(f"{args.output}: {'written' if written else 'there already, kept'}")
    for split in SPLITS:
        print(_counted(args.output, split))
    if args.imagenet:
        written = make_shape_imagenet(args.output, args.imagenet)
        print(f"{args.imagenet}: {'written' if written else 'there already, kept'}")
    if args.crops:
        written = make_shape_crops(args.output, args.crops, size=args.crop_size, seed=args.seed)
        print(f"{args.crops}: {'written' if written else 'there already, kept'}")


def _counted(root: Path, split: str) -> str:
    import numpy as np

    from backbones.terminal.wording import count
    from resdet.data.voc.reader import load_voc
    from resdet.structures.records import count_objects

    dataset = load_voc(root, split)
    truths = [record.ground_truth for record in dataset.records if record.ground_truth]
    labels = np.concatenate([truth.labels for truth in truths])
    objects = count_objects(len(labels), sum(int(truth.difficult.sum()) for truth in truths))
    counts = np.bincount(labels, minlength=len(dataset.class_names))
    classes = "  ".join(f"{name} {number}" for name, number in zip(dataset.class_names, counts))
    return f"  {split:5} {count(len(dataset), 'image'):>12}  {classes}  ({objects})"
