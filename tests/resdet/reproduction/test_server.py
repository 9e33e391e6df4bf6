"""What a server answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from resdet.reproduction.server import SERVER, answered


def test_an_answer_may_be_of_some_measures(tmp_path: Path) -> None:
    file = tmp_path / SERVER
    assert answered(file, ["mAP", "bird"]) == [None, None]
    file.write_text('{"mAP": 73.8}')
    assert answered(file, ["mAP", "bird"]) == [73.8, None]


@pytest.mark.parametrize("text", ['{"birds": 77}', '{"bird": "77"}', "[]"])
def test_what_is_no_answer_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / SERVER).write_text(text)
    with pytest.raises(
        ValueError, match=r"server\.json must hold an object of percents by mAP, bird"
    ):
        answered(tmp_path / SERVER, ["mAP", "bird"])
