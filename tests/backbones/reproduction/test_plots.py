"""Pictures of tables: what is drawn where."""

import pytest

from backbones.reproduction import plots
from backbones.reproduction.plots import Compared, plot_comparison, plot_responses


@pytest.fixture
def figure(monkeypatch):
    """The figure that would have been saved."""
    saved = []
    monkeypatch.setattr(plots, "save_figure", lambda figure, path: saved.append(figure))
    return lambda: saved[-1]


def test_our_runs_and_the_papers_number_stand_on_one_line(figure, tmp_path):
    lines = [Compared("a", 8.75, (8.0, 9.0)), Compared("b", None, ()), Compared("c", 7.0, ())]
    plot_comparison({"error": lines}, tmp_path / "p.png", title="T")
    (axes,) = figure().axes
    ours, paper = axes.get_lines()
    assert list(zip(*ours.get_data(), strict=True)) == [(8.0, 0), (9.0, 0)]
    assert list(zip(*paper.get_data(), strict=True)) == [(8.75, 0), (7.0, 2)]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # rows downwards
    assert axes.get_xlabel() == "error"


def test_responses_in_order_above_and_by_magnitude_below(figure, tmp_path):
    panels = {"plain": [("plain-20", [1.0, 3.0, 2.0], 0)], "residual": []}
    plot_responses(panels, tmp_path / "p.png", title="T")
    in_order, _, by_magnitude, _ = figure().axes
    assert in_order.get_title() == "plain"
    assert list(in_order.get_lines()[0].get_ydata()) == [1, 3, 2]
    assert list(by_magnitude.get_lines()[0].get_ydata()) == [3, 2, 1]
    assert list(by_magnitude.get_lines()[0].get_xdata()) == [1, 2, 3]
