"""The rows of Tables 7 and 8, and what is told to be not as in the paper."""

from resdet import config
from resdet.evaluation.comparison.paper import paper_values
from resdet.reproduction.pair_tables import OWN, TABLES, Row, deviations, subjects


def test_each_row_of_the_paper_has_a_config_and_its_numbers():
    for table in TABLES.values():
        for row in (row for pair in table.pairs() for row in pair):
            assert config.load(row.config)
            assert paper_values(row.config).keys() == set(table.measures.values())
    labels = [row.label for pair in TABLES["table7"].pairs() for row in pair]
    assert labels == [
        *("VGG-16 07+12", "ResNet-101 07+12"),
        *("VGG-16 07++12", "ResNet-101 07++12"),
    ]
    assert Row(OWN[1], "mine").label == "ResNet-18 mine"


def test_a_config_of_the_paper_departs_in_what_it_says_itself():
    configs = [config.load(row.config) for row in TABLES["table7"].pairs()[0]]
    told = deviations(TABLES["table7"], configs)
    assert told == [
        "RPN and head are trained together, in the paper in four steps",
        "MODEL.WEIGHTS torchvision:IMAGENET1K_V1, in the paper of the authors",
        "MODEL.ROI_BOX_HEAD.POOLER_TYPE ROIAlignV2, in the paper ROIPool",
        "SOLVER.WARMUP_ITERS 100, in the paper 0",
    ]
    assert subjects([*told, told[-1], "of an older file"]) == [
        *("steps of training", "weights to begin with", "RoI pooling", "warm-up"),
        "of an older file",
    ]


def test_keys_set_by_hand_are_told_and_those_of_the_paper_are_not():
    paper = ["MODEL.ROI_BOX_HEAD.POOLER_TYPE", "ROIPool", "SOLVER.WARMUP_ITERS", "0"]
    resnet = config.load("coco_r101", [*paper, "SOLVER.MAX_ITER", "90"])
    told = deviations(TABLES["table8"], [None, resnet])
    assert told[1:] == [
        'DATASETS.TRAIN ["coco_2017_train"], in the paper ["coco_2014_train"]',
        'DATASETS.TEST ["coco_2017_val"], in the paper ["coco_2014_val"]',
        "MODEL.WEIGHTS torchvision:IMAGENET1K_V1, in the paper of the authors",
        "SOLVER.MAX_ITER 90, in the paper 320000",
    ]
