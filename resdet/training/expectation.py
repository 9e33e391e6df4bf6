"""What a run from random weights may be expected to learn of few images."""

from __future__ import annotations

FEW = 1000  # images of a class, below which random weights are far from what others reach
# of what: images trained on, mAP@.5. Source: configs/detection/own_r18.json
REACHED = {"blood cells, which look alike": (292, 0.9), "kangaroos": (130, 0.6)}


def expectation(images: int, classes: int) -> list[str]:
    """The line to tell where images are few, else none."""
    if images >= FEW * classes:
        return []
    given = " and ".join(f"{score} for {what} ({n} images)" for what, (n, score) in REACHED.items())
    many = f"{images} images of {classes} {'class' if classes == 1 else 'classes'}"
    return [
        f"random weights and {many}: so few gave a mAP@.5 of {given}; to begin with weights that "
        "know photographs gives more (docs/own_data.md)"
    ]
