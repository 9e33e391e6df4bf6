"""What each extra gains, as a table."""

from __future__ import annotations

from resdet.reproduction.extras_table import extras_sheet


def test_a_row_reads_as_the_paper_prints() -> None:
    gain = {"gain": 0.0123, "low": -0.004, "high": 0.03, "p_value": 0.1}
    line = {
        "label": "box refinement",
        "detector": "shapes_r18",
        "testing": "TEST.REFINE True",
        "runs": 1,
        "measures": {"mAP@.5": 0.7, "mAP@[.5,.95]": 0.5},
        "gains": {"mAP@.5": gain, "mAP@[.5,.95]": {**gain, "low": None}},
        "milliseconds": 45.4,
        "paper": [1.5, 2.7],
    }
    first = {**line, "gains": {}, "paper": None}
    text = extras_sheet({"lines": [first, line]}).table().splitlines()[2:]
    assert text[0] == "| box refinement | 70.0 |  | 50.0 |  | 45 |  |"
    assert (
        text[1] == "| box refinement | 70.0 | +1.2 (-0.4 to +3.0) | 50.0 | +1.2 | 45 | +1.5 +2.7 |"
    )
