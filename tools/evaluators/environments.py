"""What each evaluator needs above the environment that runs this."""

from __future__ import annotations

from tools.round_trip.tools import Tool

# without a version: part of our own environment, or no index has it: a checkout on PYTHONPATH
EVALUATORS = {
    "pycocotools": Tool("", (), ()),
    "mmdetection_coco": Tool("", (), ()),  # calls pycocotools
    "mmdetection_voc": Tool(
        "3.3.0",
        (),
        (),
        ("mmengine==0.10.7", "addict==2.4.0", "terminaltables==3.1.10", "termcolor==3.3.0"),
        "mmdet",
    ),
    "fiftyone": Tool("1.22.1", (), (), whole=True),
    "keras_cv": Tool("0.9.0", (), (), ("tensorflow-cpu==2.21.0",), "keras-cv", whole=True),
    "faster-coco-eval": Tool("1.8.0", (), ()),
    "torchmetrics": Tool("1.9.0", (), (), ("lightning-utilities==0.15.3",)),
    "supervision": Tool("0.31.2", (), (), ("defusedxml==0.7.1", "pydeprecate==0.13.0")),
    "globox": Tool("2.9.0", (), ()),
    "tidecv": Tool("1.0.1", (), (), ("appdirs==1.4.4", "seaborn==0.13.2")),
    "ultralytics": Tool(
        "8.4.190", (), (), ("ultralytics-thop==2.2.3", "py-cpuinfo==9.0.0", "psutil==7.1.3")
    ),
    "detectron2": Tool("", (), ()),
    "review_object_detection_metrics_coco": Tool("", (), ()),
    "review_object_detection_metrics_voc": Tool("", (), ()),
    "podm": Tool(
        "0.4.post1", (), (), ("shapely==2.2.0", "docopt==0.6.2"), "object-detection-metrics"
    ),
    "mean-average-precision": Tool("2024.1.5.0", (), (), ("pandas==3.1.1",)),
    "mapcalc": Tool("0.2.2", (), ()),
    "kornia": Tool("0.9.0", (), (), ("kornia_rs==0.2.0",)),
}
EQUAL_SCORES = ("all scores equal", "scores of one decimal", "scores of three decimals")
# kinds of case that no rule holds, and why
LEFT_OUT = {
    "mmdetection_voc": (
        (*EQUAL_SCORES, "duplicates"),
        "of equal scores of an image an unstable sort settles which finds",
    ),
    "kornia": (EQUAL_SCORES, "torch.sort leaves equal scores as the processor's sort does"),
}
