"""ImageNet's localisation error by cases worked by hand."""

import numpy as np
import pytest

from resdet.evaluation.detection_table import DetectionTable
from resdet.evaluation.localisation import evaluate_localisation, guesses_text, read_guesses
from resdet.structures.records import Detections, GroundTruth

BOX, FAR = [0, 0, 99, 99], [500, 500, 599, 599]  # as files have them: 100 x 100 pixels


def truth(*objects):
    labels, boxes = zip(*objects) if objects else ((), ())
    return GroundTruth(np.array(boxes, float).reshape(-1, 4), np.array(labels, int))


def guesses(image_id, *rows):
    """(class, box), the surest first."""
    labels, boxes = zip(*rows)
    scores = np.linspace(1, 0.1, len(rows))
    return Detections(image_id, np.array(boxes, float), np.array(labels), scores)


def errors(truths, found, **options):
    table = DetectionTable.of(found)
    result = evaluate_localisation(truths, table, plus_one=True, **options)
    return result["localisation"], result["classification"]


@pytest.mark.parametrize(
    ("guess", "localisation", "classification"),
    [
        ((0, BOX), 0, 0),
        ((0, FAR), 100, 0),  # right class, wrong place
        ((1, BOX), 100, 100),  # right place, wrong class
        ((0, [0, 0, 99, 49]), 0, 0),  # half of it: an overlap of 0.5 is right
        ((0, [0, 0, 99, 48]), 100, 0),  # 0.49
    ],
)
def test_a_guess_is_a_class_and_a_place(guess, localisation, classification):
    assert errors({"i": truth((0, BOX))}, [guesses("i", guess)]) == (
        [localisation] * 5,
        [classification] * 5,
    )


def test_five_guesses_and_no_more():
    # the third guess has the class, the fifth the place too; a sixth is not looked at
    wrong = (1, BOX)
    rows = [wrong, wrong, (0, FAR), wrong, (0, BOX)]
    assert errors({"i": truth((0, BOX))}, [guesses("i", *rows)]) == (
        [100, 100, 100, 100, 0],
        [100, 100, 0, 0, 0],
    )
    late = [wrong] * 5 + [(0, BOX)]
    assert errors({"i": truth((0, BOX))}, [guesses("i", *late)]) == ([100] * 5, [100] * 5)


def test_guesses_are_by_score_whatever_their_order():
    rows = Detections("i", np.array([FAR, BOX], float), np.array([0, 0]), np.array([0.2, 0.8]))
    assert errors({"i": truth((0, BOX))}, [rows])[0] == [0] * 5


def test_any_object_of_the_class_will_do():
    objects = truth((0, FAR), (0, BOX), (0, [200, 200, 240, 240]))
    assert errors({"i": objects}, [guesses("i", (0, BOX))])[0] == [0] * 5


def test_images_without_a_guess_are_wrong():
    truths = {"a": truth((0, BOX)), "b": truth((0, BOX))}
    assert errors(truths, [guesses("a", (0, BOX))]) == ([50] * 5, [50] * 5)


def test_an_image_of_two_classes_counts_each_by_half():
    # and as one image, beside one that is right: 0.5 of 2
    objects = truth((0, BOX), (1, FAR))
    truths = {"i": objects, "j": truth((0, BOX))}
    found = [guesses("i", (0, BOX), (1, BOX)), guesses("j", (0, BOX))]
    assert errors(truths, found)[0] == [25] * 5
    assert errors({"i": objects}, [guesses("i", (0, BOX), (1, BOX))]) == (
        [50] * 5,
        [50, 0, 0, 0, 0],
    )


def test_what_is_left_out_is_asked_for_its_class_alone():
    # of two images one is left out, whose place and class are wrong: 0 of 1, 1 of 2
    truths = {"a": truth((0, BOX)), "b": truth((0, BOX))}
    found = [guesses("a", (0, BOX)), guesses("b", (1, FAR))]
    assert errors(truths, found, left_out={("b", 0)}) == ([0] * 5, [50] * 5)
    table = DetectionTable.of(found)
    assert evaluate_localisation(truths, table, left_out={("b", 0)})["left_out"] == 1


@pytest.mark.parametrize(
    ("truths", "message"),
    [
        ({"i": truth()}, "image 'i' must have an object to be found, got none"),
        ({"j": truth((0, BOX))}, "image ids of the detections must be those of the data"),
    ],
)
def test_what_cannot_be_scored(truths, message):
    with pytest.raises(ValueError, match=message):
        errors(truths, [guesses("i", (0, BOX))])


def test_guesses_as_the_devkit_has_them(tmp_path):
    path = tmp_path / "pred.txt"
    path.write_text("1 0 0 99 99 2 1 1 5.5 9\n\n" + "2 0 0 9 9 " * 6 + "\n")
    table = read_guesses(path, ["a", "b", "c"], 2, "0-continuous")
    assert table.images.tolist() == [0, 0, 2, 2, 2, 2, 2]
    assert table.labels.tolist() == [0, 1, 1, 1, 1, 1, 1]
    assert table.boxes[1].tolist() == [1, 1, 5.5, 9]
    text = guesses_text(table, ["a", "b", "c"], "0-continuous")
    assert text == "1 0 0 99 99 2 1 1 5.5 9\n\n" + " ".join(["2 0 0 9 9"] * 5) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 0 0 9 9\n", "must have a line for each of 2 images, got 1"),
        ("1 0 0 9\n\n", "pred.txt:1: line must be"),
        ("\n3 0 0 9 9\n", "pred.txt:2: line must be .* classes from 1 to 2, got '3 0 0 9 9'"),
        ("0 0 0 9 9\n\n", "pred.txt:1: line must be"),
        ("1 0 0 9 nan\n\n", "pred.txt:1: line must be"),
        ("1.5 0 0 9 9\n\n", "pred.txt:1: line must be"),
        ("cat 0 0 9 9\n\n", "pred.txt:1: line must be"),
    ],
)
def test_guesses_that_are_none(tmp_path, text, message):
    path = tmp_path / "pred.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_guesses(path, ["a", "b"], 2, "0-continuous")
