"""What is written, refused, or tried again with more layers in float."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from torch import nn

from resdet.export.int8 import search
from resdet.export.int8.pictures import Pictures
from resdet.export.int8.search import AUTO, AtWork, Wanted, in_int8

LAYERS = {name: 0.1 / at for at, name in enumerate("abcdefgh", start=1)}


class Model:
    """In float are the layers `kept`."""

    def __init__(self, kept: Any = LAYERS) -> None:
        self.kept, self.held = list(kept), ""

    def set_rt_info(self, text: str, place: list[str]) -> None:
        assert place == ["framework", "int8"]
        self.held = text


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The layers in float of each try; OpenVINO and NNCF are not asked."""
    pytest.importorskip("openvino")
    made: list[list[str]] = []

    def quantise(plain: Model, pictures: Any, read: Any, in_float: list[str]) -> Model:
        made.append(list(in_float))
        return Model(in_float)

    monkeypatch.setattr(search, "quantise", quantise)
    monkeypatch.setattr(search, "layers", lambda _: LAYERS)
    monkeypatch.setattr(search, "rounding", lambda *_: LAYERS)
    files = SimpleNamespace(
        METADATA="framework",
        as_files=lambda model, path: {path: model},
        from_files=lambda files: next(iter(files.values())),
    )
    monkeypatch.setattr(search, "openvino_ir", files)
    monkeypatch.setattr(AtWork, "found", lambda self, model, judge: model.kept)
    return made


def export(enough: int, *in_float: str, told: list[str]) -> Any:
    """In int8, where `enough` layers in float cost little enough."""

    def judge(plain: list[str], kept: list[str]) -> Any:
        assert plain == list(LAYERS)
        return SimpleNamespace(too_much=len(kept) < enough, to_dict=lambda: {"lost": 0.25})

    wanted = Wanted(Pictures([Path("1.jpg"), Path("2.jpg")], [], ""), None, 0.005, in_float)
    work = AtWork(lambda image: image, lambda *_: None)  # type: ignore[arg-type, return-value]
    files, held = in_int8(Model(), Path("a.xml"), wanted, judge, work, told.append)  # type: ignore[arg-type]
    assert held == {"int8": files[Path("a.xml")].held}  # type: ignore[attr-defined]
    return files[Path("a.xml")]


def test_what_it_costs_stands_in_the_file(tries: list[list[str]]) -> None:
    told: list[str] = []
    held = '{"calibrated_on": 2, "layers_in_float": ["c"], "measured": {"lost": 0.25}}'
    assert export(1, "c", told=told).held == held
    assert tries == [["c"]]
    assert told[0].startswith("1 layer of 8 in float: ")


def test_too_much_is_refused_with_the_layers_that_round_most(tries: list[list[str]]) -> None:
    told = r"; a\.xml is not written\. .* a 10\.0%, b 5\.0%, c 3\.3%, d 2\.5%, e 2\.0%; --keep"
    with pytest.raises(ValueError, match=told):
        export(2, "c", told=[])
    assert tries == [["c"]]


def test_ever_more_layers_stay_in_float(tries: list[list[str]]) -> None:
    assert export(3, AUTO, told=[]).kept == ["a", "b", "c", "d"]
    assert tries == [[], ["a"], ["a", "b"], ["a", "b", "c", "d"]]
    tries.clear()
    with pytest.raises(ValueError, match=r"a\.xml is not written.*; allow more$"):
        export(9, AUTO, told=[])
    assert [len(kept) for kept in tries] == [0, 1, 2, 4, 8]


def test_layers_must_be_known_before_there_is_a_file() -> None:
    pytest.importorskip("openvino")
    model = nn.ModuleDict({"a": nn.Linear(2, 2), "norm": nn.BatchNorm2d(2)})
    wanted = Wanted(Pictures([], [], ""), in_float=("norm",))
    told = "--keep-float must name layers, or be auto, got norm; they are a$"
    with pytest.raises(ValueError, match=told):
        wanted.judge(model, ("cat",))
    replace(wanted, in_float=("a", AUTO)).judge(model, ("cat",))
