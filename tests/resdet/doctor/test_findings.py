"""The doctor: a healthy machine, what is shown of it, and a tool that ends with 0 or 1."""

from resdet.doctor import finding, findings
from resdet.doctor.finding import Finding
from resdet.doctor.findings import report


def test_lines_keep_their_width_and_commands_stay_whole():
    command = "pip install " + "x" * 90
    some = [
        Finding("torch", "ok", "word " * 30),
        Finding("torch", "note", "short", "do " * 40, command),
        Finding("settings", "error", "bad"),
    ]
    lines = [line.plain for line in report(some, 60)]
    assert all(len(line) <= 60 for line in lines[:-1] if "pip" not in line)
    assert sum(command in line for line in lines) == 1
    assert lines[0].startswith("ok       torch     word word")
    assert lines[-1] == "resdet cannot work here until the errors are mended: 1 error, 1 note"
    (_, alone, *_) = report([Finding("x", "note", "absent", command="pip install y")], 60)
    assert alone.plain.split() == ["->", "pip", "install", "y"]
    (*_, verdict) = report(some[:1], 60)
    assert verdict.plain == "resdet can work here: nothing to remark"


def test_levels_are_all_that_is_found():
    assert set(findings._STYLES) == set(finding.LEVELS)
