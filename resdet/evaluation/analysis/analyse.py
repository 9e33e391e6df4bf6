"""Where the errors are: all that one matching tells beyond its AP, ready for JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from resdet.evaluation.analysis.confusion import confusion_matrix
from resdet.evaluation.analysis.costs import error_costs
from resdet.evaluation.analysis.curves import class_curves, curves_json, pooled_curve
from resdet.evaluation.analysis.errors import error_kinds
from resdet.evaluation.matches import Matches


def analyse(matches: Matches, metric: str, *, score: float | None = None) -> dict[str, Any]:
    """Errors and their costs, curves, best F1, confusion and sizes, at the first threshold.

    `score`: the confusion matrix is of detections of at least this score; None: the one at
    which F1 of all classes together is highest. `sizes` is None for COCO, whose twelve numbers
    have them, and alone has every threshold. All AP by `metric`, as fractions; None: undefined.
    """
    threshold, key = matches.thresholds[0], matches.keys[0]
    first = replace(
        matches,
        thresholds=matches.thresholds[:1],
        verdicts=matches.verdicts[:1],
        objects=matches.objects[:1],
    )
    curves, pooled = class_curves(first), pooled_curve(first)
    f1 = {name: curve.best_f1() for name, curve in curves.items()}
    best = pooled.best_f1()
    cut = next((s for s in (score, best["score"]) if s is not None), 0.0)
    per_class = first.average_precisions(metric)
    kinds = error_kinds(first)
    return {
        "metric": metric,
        **matches.rules.to_dict(),
        "threshold": threshold,
        "AP": first.mean(per_class)[key],
        "classes_in_mean": first.classes_in_mean,
        "per_class": {name: aps[key] for name, aps in per_class.items()},
        "num_images": len(matches.image_ids),
        "num_detections": len(matches),
        "num_objects": int(matches.num_positives.sum()),
        "background": kinds.background,
        "correct": kinds.counts()["correct"],
        "ignored": kinds.counts()["ignored"],
        "errors": error_costs(first, kinds, metric),
        "best_f1": {"all": best, "per_class": f1},
        "curves": curves_json(curves),
        "confusion": {
            "score": cut,
            "classes": [*matches.class_names, "background"],
            "matrix": confusion_matrix(first, cut).tolist(),
        },
        "sizes": _sizes(matches, metric) if matches.rules.kind == "voc" else None,
    }


def _sizes(matches: Matches, metric: str) -> dict[str, Any]:
    from resdet.evaluation.voc.sizes import ap_by_size  # VOC's matching, which COCO's is without

    return ap_by_size(matches, metric)
