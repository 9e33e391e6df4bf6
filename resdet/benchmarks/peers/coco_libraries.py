"""pycocotools and faster-coco-eval as their users call them: what ours is compared with.

`python -m resdet.benchmarks.peers.coco_libraries NAME ANNOTATIONS RESULTS` prints the twelve
numbers as the library does, and as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from resdet.benchmarks.measuring import peak_megabytes

LIBRARIES = ("faster", "pycocotools")
_TWELVE = 12


def evaluate(name: str, annotations: str, results: str) -> dict[str, Any]:
    """Seconds from the files to the twelve, these, and the most memory in MB."""
    if name == "faster":
        from faster_coco_eval import COCO
        from faster_coco_eval import COCOeval_faster as COCOeval
    else:
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    start = time.perf_counter()
    truth = COCO(annotations)
    judge = COCOeval(truth, truth.loadRes(results), "bbox")
    judge.evaluate()
    judge.accumulate()
    judge.summarize()
    return {
        "seconds": time.perf_counter() - start,
        "twelve": [float(value) for value in judge.stats[:_TWELVE]],
        "peak_mb": peak_megabytes(),
    }


def main(argv: Sequence[str]) -> None:
    """Print the numbers of two files."""
    name, annotations, results = argv
    print(json.dumps(evaluate(name, annotations, results)))


if __name__ == "__main__":
    main(sys.argv[1:])
