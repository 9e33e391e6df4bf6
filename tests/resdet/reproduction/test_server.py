"""What a server answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from resdet.reproduction.server import SERVER, answered, told_to_send


def test_an_answer_may_be_of_some_measures(tmp_path: Path) -> None:
    file = tmp_path / SERVER
    assert answered(file, ["mAP", "bird"]) == [None, None]
    file.write_text('{"mAP": 73.8}')
    assert answered(file, ["mAP", "bird"]) == [73.8, None]


@pytest.mark.parametrize(
    "text", ['{"birds": 77}', '{"bird": "77"}', '{"bird": 173}', '{"bird": true}', "[]"]
)
def test_what_is_no_answer_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / SERVER).write_text(text)
    with pytest.raises(
        ValueError, match=r"server\.json must hold an object of percents by mAP, bird"
    ):
        answered(tmp_path / SERVER, ["mAP", "bird"])


def test_what_is_answered_is_not_sent_again(tmp_path: Path) -> None:
    sent = [tmp_path / name / "comp4.tar.gz" for name in ("a", "b")]
    for file in sent:
        file.parent.mkdir()
    (line,) = told_to_send(sent, "VOC 2012 test", "mAP")
    assert f"send it {sent[0]}, {sent[1]}, write" in line
    sent[0].with_name(SERVER).touch()
    assert str(sent[0]) not in told_to_send(sent, "VOC 2012 test", "mAP")[0]
    sent[1].with_name(SERVER).touch()
    assert told_to_send(sent, "VOC 2012 test", "mAP") == []
