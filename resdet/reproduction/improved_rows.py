"""Tables 9 to 11: their rows, what the paper printed in each, and the system that measures it.

Source: He et al. 2016, Appendix B.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resdet.structures.classes import VOC_CLASSES

MAP = "mAP"
COCO_MEASURES: Mapping[str, str] = {"mAP@.5": "AP50", "mAP@[.5,.95]": "AP"}
# classes as they head a narrow column
SHORT = {"aeroplane": "aero", "bicycle": "bike", "diningtable": "table", "motorbike": "mbike"}
SHORT |= {"pottedplant": "plant", "tvmonitor": "tv"}
REFINE = ("TEST.REFINE", "True")
MAXOUT = ("TEST.MAXOUT_SIZES", "[200, 400, 600, 800, 1000]")
TRAINVAL = "coco2014_trainval_r101_context"
# config -> that whose detector it begins with
STARTS: Mapping[str, str] = {"voc0712_r101_coco": TRAINVAL, "voc07pp12_r101_coco": TRAINVAL}


@dataclass(frozen=True)
class System:
    """A detector by its config, tested as that says but for the keys `testing`.

    Of several `members` it is the ensemble of the detectors of so many seeds.
    """

    config: str
    testing: tuple[str, ...] = ()
    members: int = 1

    @property
    def is_run(self) -> bool:
        """Whether it is the test that ends the training."""
        return not self.testing and self.members == 1

    @property
    def name(self) -> str:
        """Of its folder and its published results."""
        words = [key.rpartition(".")[2].lower() for key in self.testing[::2]]
        return "-".join([self.config, *words, *["ensemble"] * (self.members > 1)])

    def __str__(self) -> str:
        ensemble = [f"ensemble of {self.members}"] if self.members > 1 else []
        return " ".join([self.config, *self.testing, *ensemble])


@dataclass(frozen=True)
class Row:
    """A line: for each column of its table what the paper printed, and the system that is meant."""

    label: str
    paper: tuple[tuple[str, ...], ...]
    systems: tuple[System | None, ...]


@dataclass(frozen=True)
class Table:
    """Under each of `columns`, on which data, all of `measures`.

    `metric`: see `score_voc`, or COCO.
    """

    title: str
    columns: tuple[str, ...]
    measures: tuple[str, ...]
    rows: tuple[Row, ...]
    metric: str
    remark: str = ""


def _coco_row(
    label: str, val: str, system: System | None, dev: str = "", test_dev: System | None = None
) -> Row:
    return Row(label, (_printed(val, 2), _printed(dev, 2)), (system, test_dev))


def _voc_row(label: str, printed: str, config: str) -> Row:
    return Row(label, (_printed(printed, 1 + len(VOC_CLASSES)),), (System(config),))


def _printed(text: str, count: int) -> tuple[str, ...]:
    return tuple(text.split()) or ("",) * count


_CONTEXT = "coco2014_r101_context"
_FINE_TUNED = (
    "baseline+++ has box refinement, context and multi-scale testing, and begins with the detector "
    "of COCO trainval of Table 9; its schedule, which is not printed, is that of the baseline."
)
TABLES: Mapping[str, Table] = {
    "table9": Table(
        "Table 9: improvements on COCO, one upon another",
        ("val", "test-dev"),
        tuple(COCO_MEASURES),
        (
            _coco_row("baseline, VGG-16", "41.5 21.2", System("coco2014_vgg16")),
            _coco_row("baseline, ResNet-101", "48.4 27.2", System("coco2014_r101")),
            _coco_row("+box refinement", "49.9 29.9", System("coco2014_r101", REFINE)),
            _coco_row("+context", "51.1 30.0", System(_CONTEXT), "53.3 32.2", System(TRAINVAL)),
            _coco_row(
                "+multi-scale testing",
                *("53.8 32.5", System(_CONTEXT, MAXOUT)),
                *("55.7 34.9", System(TRAINVAL, MAXOUT)),
            ),
            _coco_row("ensemble", "", None, "59.0 37.4", System(TRAINVAL, MAXOUT, members=3)),
        ),
        "COCO",
        "val: trained on COCO train of 2014; test-dev: on train and val. Which three networks make "
        "the ensemble is not printed: here three seeds of one.",
    ),
    "table10": Table(
        "Table 10: VOC 2007 test, AP by class",
        ("VOC 2007 test",),
        (MAP, *VOC_CLASSES),
        (
            _voc_row(
                "baseline, VGG-16, 07+12",
                "73.2 76.5 79.0 70.9 65.5 52.1 83.1 84.7 86.4 52.0 81.9 "
                "65.7 84.8 84.6 77.5 76.7 38.8 73.6 73.9 83.0 72.6",
                "voc0712_vgg16",
            ),
            _voc_row(
                "baseline, ResNet-101, 07+12",
                "76.4 79.8 80.7 76.2 68.3 55.9 85.1 85.3 89.8 56.7 87.8 "
                "69.4 88.3 88.9 80.9 78.4 41.7 78.6 79.8 85.3 72.0",
                "voc0712_r101",
            ),
            _voc_row(
                "baseline+++, ResNet-101, COCO+07+12",
                "85.6 90.0 89.6 87.8 80.8 76.1 89.9 89.9 89.6 75.5 90.0 "
                "80.7 89.6 90.3 89.1 88.7 65.4 88.1 85.6 89.0 86.8",
                "voc0712_r101_coco",
            ),
        ),
        "11point",
        _FINE_TUNED,
    ),
    "table11": Table(
        "Table 11: VOC 2012 test, AP by class",
        ("VOC 2012 test",),
        (MAP, *VOC_CLASSES),
        (
            _voc_row(
                "baseline, VGG-16, 07++12",
                "70.4 84.9 79.8 74.3 53.9 49.8 77.5 75.9 88.5 45.6 77.1 "
                "55.3 86.9 81.7 80.9 79.6 40.1 72.6 60.9 81.2 61.5",
                "voc07pp12_vgg16",
            ),
            _voc_row(
                "baseline, ResNet-101, 07++12",
                "73.8 86.5 81.6 77.2 58.0 51.0 78.6 76.6 93.2 48.6 80.4 "
                "59.0 92.1 85.3 84.8 80.7 48.1 77.3 66.5 84.7 65.6",
                "voc07pp12_r101",
            ),
            _voc_row(
                "baseline+++, ResNet-101, COCO+07++12",
                "83.8 92.1 88.4 84.8 75.9 71.4 86.3 87.8 94.2 66.8 89.4 "
                "69.2 93.9 91.9 90.9 89.6 67.9 88.2 76.8 90.3 80.0",
                "voc07pp12_r101_coco",
            ),
        ),
        "area",
        _FINE_TUNED,
    ),
}

# on data of your own, each upon the one before
_SMALL = {
    "baseline, VGG-16": System("own_vgg16"),
    "baseline, ResNet-18": System("own_r18"),
    "+box refinement": System("own_r18", REFINE),
    "+context": System("own_r18_context"),
    "+multi-scale testing": System("own_r18_context", MAXOUT),
}


def small_table(class_names: Sequence[str]) -> Table:
    """The steps of Table 9, to baseline+++ of Table 10, of small networks on other data."""
    measures = (MAP, *class_names)
    blank = (("",) * len(measures),)
    return Table(
        "Table 10: improvements one upon another, AP by class",
        ("test",),
        measures,
        tuple(Row(label, blank, (system,)) for label, system in _SMALL.items()),
        "area",
        "Small networks from random weights on data of your own, by the recipe of table7 at this "
        "scale, +context and what follows with box refinement; multi-scale testing in proportion.",
    )
