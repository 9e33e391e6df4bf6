"""Pictures of networks and blocks: what stands where."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from backbones.reproduction import diagrams
from backbones.reproduction.diagrams import Block, Drawing, draw_blocks, draw_networks
from backbones.reproduction.trace import IMAGE, Layer

WIDER = [
    Layer("conv", (4, 8, 8), (IMAGE,), kernel=3, name="conv1"),
    Layer("relu", (4, 8, 8), (0,)),
    Layer("conv", (8, 4, 4), (1,), kernel=3, stride=2, name="conv2"),
    Layer("norm", (8, 4, 4), (2,)),
    Layer("sum", (8, 4, 4), (3, 1)),
    Layer("fc", (10,), (4,), name="fc"),
]
KEPT = [
    Layer("conv", (4, 8, 8), (IMAGE,), kernel=3, name="conv1"),
    Layer("norm", (4, 8, 8), (0,)),
    Layer("sum", (4, 8, 8), (1, IMAGE)),
    Layer("relu", (4, 8, 8), (2,)),
]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Each figure that is saved."""
    figures: list[Figure] = []
    monkeypatch.setattr(diagrams, "save_figure", lambda figure, picture: figures.append(figure))
    return figures


def texts(figure: Figure) -> dict[str, tuple[float, float]]:
    return {text.get_text(): text.get_position() for axes in figure.axes for text in axes.texts}


def test_layers_of_one_size_stand_at_one_height(drawn: list[Figure]) -> None:
    draw_networks([Drawing("a", WIDER), Drawing("b", WIDER[:1])], Path(), title="both")
    found = texts(drawn[0])
    assert [found["3x3 conv, 4"][1], found["3x3 conv, 8, /2"][1]] == [0, 1.4]
    assert found["output\nsize 8"][1] == 0
    assert found["a"][0] < found["b"][0]
    lines = [patch for patch in drawn[0].axes[0].patches if isinstance(patch, FancyArrowPatch)]
    assert [line.get_linestyle() for line in lines] == ["solid", "solid", ":"]


def test_a_block_says_what_it_adds(drawn: list[Figure]) -> None:
    block = Block("a", KEPT, "x", branch="F(x)", total="F(x) + x", shortcut="identity")
    draw_blocks([block], Path(), title="a block", kinds=("conv", "norm"))
    found = texts(drawn[0])
    assert list(found) == [
        *("x", "conv1: 3x3 conv, 4", "batch norm", "+", "identity", "F(x)", "F(x) + x", "relu")
    ]
    assert found["batch norm"][1] < found["+"][1] < found["relu"][1]


def test_a_picture_is_written(tmp_path: Path) -> None:
    draw_blocks([Block("a", KEPT)], tmp_path / "out" / "a.png", title="a block")
    assert (tmp_path / "out" / "a.png").read_bytes().startswith(b"\x89PNG")
