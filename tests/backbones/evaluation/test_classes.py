"""Classes of a data set among those of a network."""

import pytest

from backbones.evaluation.classes import match_classes

WNIDS = ("n01440764", "n01443537", "n01484850")


def test_classes_by_name():
    match = match_classes(("cat", "dog", "emu"), 3, ("emu", "cat"), source="w", data="d")
    assert (match.labels, match.note) == ((2, 0), "")
    for lacking in (("ape", "dog", "yak"), ("dog", "ape", "yak", "cat")):
        with pytest.raises(
            ValueError, match=r"classes of d must be among the 3 of w, got also \['ape', 'yak'\]"
        ):
            match_classes(("cat", "dog", "emu"), 3, lacking, source="w", data="d")
    with pytest.raises(ValueError, match=r"got also \['crane'\]"):  # the bird or the machine
        match_classes(("crane", "crane"), 2, ("crane",), source="w", data="d")


@pytest.mark.parametrize(
    ("trained", "found"),
    [(("tench", "goldfish", "shark"), WNIDS), ((), ("a", "b", "c")), (WNIDS, ("0", "1", "2"))],
)
def test_classes_in_order_where_names_cannot_tell(trained, found):
    match = match_classes(trained, 3, found, source="w", data="d")
    assert (match.class_names, match.labels) == (found, (0, 1, 2))
    assert match.note == "w names its 3 classes otherwise or not: those of d in order"
    with pytest.raises(ValueError, match="d must have all 3 classes of w, .* got 2; give"):
        match_classes(trained, 3, found[:2], source="w", data="d")
