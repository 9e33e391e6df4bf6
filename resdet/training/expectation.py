"""What a run from random weights may be expected to learn of few images."""

from __future__ import annotations

from backbones.terminal.wording import count

FEW = 1000  # images of a class, below which random weights are far from what others reach
HARDLY_ANY = 50  # images
# of what: images trained on, mAP@.5. Source: configs/detection/own_r18.json
REACHED = {"kangaroos": (130, 62), "blood cells, all alike,": (292, 91)}
WAY_OUT = "trained weights should do better: --config own_r50_fpn --init-from FILE"


def expectation(images: int, classes: int) -> list[str]:
    """The line to tell where images are few, else none."""
    if images >= FEW * classes:
        return []
    if images < HARDLY_ANY:
        return [f"only {count(images, 'image')} for random weights: expect little; {WAY_OUT}"]
    reached = ", ".join(f"{what} {score} with {n}" for what, (n, score) in REACHED.items())
    given = f"{images}, {count(classes, 'class', 'classes')}"
    return [f"few images ({given}) for random weights: mAP@.5 of {reached}; {WAY_OUT}"]
