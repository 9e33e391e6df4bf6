"""Labels that follow the names of classes."""

import numpy as np
import pytest

from backbones.data.classes import follow_names

LABELS = np.array([1, 0, 1, 2])


def test_labels_are_numbers_among_the_names_of_the_network():
    names, labels = follow_names(LABELS, ["ant", "bee", "cat"], (), "here")
    assert (names, labels.tolist()) == (("ant", "bee", "cat"), [1, 0, 1, 2])
    names, labels = follow_names(LABELS, ["ant", "bee", "cat"], ("cat", "ant", "ox", "bee"), "here")
    assert (names, labels.tolist()) == (("cat", "ant", "ox", "bee"), [3, 1, 3, 0])


def test_foreign_and_empty_classes_are_told_together():
    fault = (
        r"of here must be among \['ant', 'cat'\], got also \['bee', 'dog'\]; .* none in \['dog'\]"
    )
    with pytest.raises(ValueError, match=fault):
        follow_names(LABELS, ["ant", "bee", "cat", "dog"], ("ant", "cat"), "here")
