"""The doctor as a command: what it prints and ends with."""

import json

from resdet.commands import doctor


def test_this_machine_is_examined_without_an_error(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("DETECTRON2_DATASETS", raising=False)
    monkeypatch.chdir(tmp_path)
    assert doctor.main(["--output", str(tmp_path / "new" / "run"), "--json", "doctor.json"]) == 0
    told = capsys.readouterr().out
    found = json.loads((tmp_path / "doctor.json").read_text())["findings"]
    topics = list(dict.fromkeys(finding["topic"] for finding in found))
    assert topics[:6] == ["Python", "torch", "GPU", "torchvision", "detectron2", "OpenCV"]
    assert topics[-4:] == ["data", "weights", "plugins", "settings"]
    assert all(topic in told for topic in topics)
    assert not (tmp_path / "new").exists()
    assert all(f["remedy"] or f["command"] for f in found if f["level"] in ("warning", "error"))
    sick = doctor.main(["--output", "/proc/none"])
    assert sick == 1
    assert "error    output" in capsys.readouterr().out
