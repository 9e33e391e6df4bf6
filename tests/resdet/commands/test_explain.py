"""explain from the command line's side: two results, a number, what another tool wrote."""

import pytest

from backbones.files.json_file import read_json
from backbones.files.outputs import write_json
from resdet.commands import eval_coco, eval_voc, explain


def test_two_results_by_other_rules(ours, told):
    first = ours(eval_voc, "a.json", "--metric", "area")
    second = ours(eval_voc, "b.json", "--metric", "area", "--iou-rule", "gt", "--mean", "listed")
    shown = told(first, second)
    assert "images the same 2 objects the same 2 detections the same 3" in shown
    assert (
        "a.json 100.00 an overlap of exactly the threshold is a miss -50.00 the mean is over all "
        "listed classes, 0 for one without objects -25.00 b.json 25.00" in shown
    )
    assert "no longer: an overlap of exactly" in told(second, first)
    metric = ours(eval_voc, "c.json", "--metric", "11point")
    assert "11-point AP in place of area +0.00" not in told(first, metric)  # moves nothing
    coco = ours(eval_coco, "d.coco.json")
    assert "COCO's way: the best" in told(second, coco)
    shown = told(coco, second)
    assert "an overlap of exactly the threshold is a miss -50.00 the mean is over" in shown
    assert "1 other rule that moves nothing" in shown  # VOC's way


def test_two_results_of_other_detections(ours, told):
    pair = ours(eval_coco, "a.json"), ours(eval_coco, "b.json", detections="d2.json")
    shown = told(*pair)
    assert "detections 3 and 1, of which both have 1" in shown
    assert "other detections" in shown


def test_a_number_and_what_another_tool_wrote(ours, files, told):
    first = ours(eval_coco, "a.json")
    shown = told(first, "AP50=77.7")
    assert "AP50 by our rules 100.00" in shown
    assert "no set of rules gives it" in shown
    write_json(files / "m.json", {"bbox": {"AP50": 100.0, "AP": read_json(first)["AP"] * 100}})
    assert "our own rules give it" in told(first, files / "m.json")
    second = ours(eval_voc, "v.json", "--metric", "area", "--iou-rule", "gt")
    assert "is by other rules; what is told begins with ours" in told(second, "50.0")


def test_a_log_of_training_has_its_last_numbers(ours, files, told):
    first = ours(eval_coco, "a.json")
    log = '{"iteration": 1, "bbox/AP50": 7.0, "loss": NaN}\n\n{"bbox/AP50": 100.0}\n{"loss": 1}\n'
    (files / "m.json").write_text(log)
    assert "100 was told: how ours becomes it" in told(first, files / "m.json")
    (files / "m.json").write_text('{"AP": NaN,\n"AP50": 100.0}')
    assert "our own rules give it" in told(first, files / "m.json")
    for cut in ('{"AP50": 100.0}\n{"AP', "[1]\n[2]\n"):
        (files / "m.json").write_text(cut)
        with pytest.raises(ValueError, match="m.json:2: file must be JSON"):
            told(first, files / "m.json")


def test_a_tools_numbers_come_first_too(ours, told):
    voc = ours(eval_voc, "v.json", "--as", "detectron2"), ours(eval_voc, "a.json")
    assert "no longer: an overlap of exactly the threshold is a miss" in told(*voc)
    coco = ours(eval_coco, "c.json", "--as", "ultralytics"), ours(eval_coco, "b.json")
    assert "no longer: precision is a straight line" in told(*coco)


@pytest.mark.parametrize(
    ("number", "error", "text"),
    [
        ("81,3", ValueError, "NUMBER must be a number with its digits"),
        ("none.json", FileNotFoundError, "FILE must exist, got none.json"),
        ("APx=3.0", ValueError, "NUMBER must be of AP, AP50"),
    ],
)
def test_what_is_no_number(ours, number, error, text):
    with pytest.raises(error, match=text):
        explain.main([str(ours(eval_coco, "a.json")), number])


def test_numbers_that_the_first_has_not(ours, files, told):
    first = ours(eval_voc, "a.json", "--metric", "area")
    write_json(files / "m.json", {"AP": 0.5, "AP50": 1.0, "AP75": 0.5})
    shown = told(first, files / "m.json")
    assert "left out, as " in shown
    assert "has none: mAP, mean of 10, mAP@0.75" in shown
    write_json(files / "m.json", {"AR100": 0.5})
    with pytest.raises(ValueError, match="must hold a number that .* has, got AR100"):
        explain.main([str(first), str(files / "m.json")])


def test_the_first_is_ours(ours, files):
    write_json(files / "m.json", {"AP": 0.5})
    with pytest.raises(ValueError, match="the first must be .*, got m.json; give a.json first"):
        explain.main(["m.json", str(ours(eval_coco, "a.json"))])
    with pytest.raises(FileNotFoundError, match="FILE must exist, got none.json"):
        explain.main(["none.json", "a.json"])
    with pytest.raises(ValueError, match=r"an object of numbers as .*, got \[.{,80}$"):
        explain.main(["a.json", "d.json"])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--annotations", "a", "--data", "b"], "one of them"),
        (["--split", "test"], "--split goes with --data"),
    ],
)
def test_what_does_not_go_together(options, text, capsys):
    with pytest.raises(SystemExit):
        explain.main(["a.json", "b.json", *options])
    assert text in capsys.readouterr().err
