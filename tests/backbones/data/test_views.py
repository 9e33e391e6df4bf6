"""A config in the words of views."""

from backbones.config import load_classification
from backbones.data.views import build_views
from backbones.weights.checkpoint import Preprocessing


def test_a_config_becomes_views_and_the_mean_lies_outside():
    seen = Preprocessing("BGR", 1 / 255, (0.1, 0.2, 0.4), (1.0, 1.0, 1.0))
    keys = {"SIZE": "24", "CROP": "pad", "PADDING": "3", "MIN_SIZE_TEST": "30"}
    keys |= {"MIN_SIZE_TRAIN": "[24,40]", "RANDOM_FLIP": "none", "COLOR_AUGMENTATION": "alexnet"}
    keys |= {"TRIVIAL_AUGMENT": "True", "RANDOM_ERASING": "0.5"}
    pairs = [text for key, value in keys.items() for text in (f"INPUT.{key}", value)]
    pairs += ["DATASETS.IN_MEMORY", "False"]
    views = build_views(load_classification("cifar10_resnet20", pairs), seen)
    assert (views.size, views.crop, views.padding, views.shorter_side_test) == (24, "pad", 3, 30)
    assert (views.shorter_side_train, views.fill) == ((24, 40), (102, 51, 26))
    assert not views.flip
    assert views.alexnet_color
    assert views.trivial_augment
    assert views.erasing == 0.5
