"""Cases written down short, with what each tool says of them: for the fast tests."""

from __future__ import annotations

from collections import Counter
from typing import Any

from resdet.evaluation.rules import Rules
from tools.evaluators.cases import Case

FLAGS = ("iscrowd", "ignore")


def short(case: Case) -> dict[str, Any]:
    """Lists for objects: an object is id, image, category, x, y, width, height, area, flags."""
    return {
        "kind": case.kind,
        "images": len(case.truth["images"]),
        "categories": len(case.truth["categories"]),
        "objects": [
            [
                e["id"],
                e["image_id"],
                e["category_id"],
                *e["bbox"],
                e["area"],
                *(e.get(f, 0) for f in FLAGS),
            ]
            for e in case.truth["annotations"]
        ],
        "found": [[e["image_id"], e["category_id"], *e["bbox"], e["score"]] for e in case.results],
    }


def unforetold(rules: Rules, name: str, case: Case) -> bool:
    """Whether equal scores of a class fall as the processor's sort leaves them."""
    digits = 8 if rules.score_decimals is None else rules.score_decimals
    scores = Counter(round(entry["score"], digits) for entry in case.results)
    return (name == "kornia" or rules.ties == "numpy") and max(scores.values(), default=1) > 1


def long(content: dict[str, Any]) -> Case:
    """The case again."""
    truth = {
        "images": [{"id": n, "file_name": f"{n}.jpg"} for n in range(1, content["images"] + 1)],
        "categories": [{"id": n, "name": f"c{n}"} for n in range(1, content["categories"] + 1)],
        "annotations": [
            {
                **dict(zip(("id", "image_id", "category_id"), row[:3])),
                **{"bbox": row[3:7], "area": row[7]},
                **dict(zip(FLAGS, row[8:])),
            }
            for row in content["objects"]
        ],
    }
    results = [
        {"image_id": row[0], "category_id": row[1], "bbox": row[2:6], "score": row[6]}
        for row in content["found"]
    ]
    return Case(content["kind"], truth, results)
