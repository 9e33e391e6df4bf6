"""What was found, counted, sorted and safe to print."""

import json

from backbones.images.check_report import Kind, Report, write_reports


def test_a_report_is_sorted_counted_and_safe_to_print(tmp_path):
    report = Report("data", "test", "full", images={"train": 3})
    note, error = Kind("n", "note", "notes"), Kind("e", "error", "errors", "repair")
    for number in range(150):
        report.add(note, f"note {number}")
    report.add(error, "a\x1b[31m.jpg")
    report.count_classes("train", ["cat", "dog"], ["cat", "cat", "cow"])
    lines = list(report.lines(2))
    assert lines[1:5] == [
        "error: errors: 1; repair",
        r"    a\x1b[31m.jpg",
        "note: notes: 150",
        "    note 0",
    ]
    assert "    ... and 148 more" in lines
    assert lines[-1].startswith("1 error, 0 warnings, 150 notes")
    assert report.classes["train"] == {"cat": 2, "dog": 0, "cow": 1}
    write_reports(tmp_path / "r.json", [report])
    (read,) = json.loads((tmp_path / "r.json").read_text())["reports"]
    assert (read["errors"], read["notes"]) == (1, 150)
    assert [f["count"] for f in read["findings"]] == [1, 150]
    assert len(read["findings"][1]["examples"]) == 100
