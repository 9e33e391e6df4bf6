"""The picture of growth: each cost as a multiple of its first one."""

import cv2
from matplotlib.figure import Figure

from resdet.benchmarks.scaling_plot import plot_scaling

GROWN = {
    "values": [10, 40],
    "work": [1e9, 4e9],
    "seconds": [0.5, 8.0],
    "megabytes": [None, 5.0],
    "exponent": {"work": 1.0, "seconds": 2.0},
    "faster_than_work": ["seconds"],
}
MEASURED = {
    "hardware": "a core",
    "versions": {"torch": "9"},
    "axes": {
        "batch": GROWN,
        "processes": {"efficiency": 0.9, "predicted_efficiency": {"2": 0.95, "4": 0.8}},
    },
}


def test_costs_are_drawn_as_multiples_and_named_where_they_outgrow(tmp_path, monkeypatch):
    figures = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda self, *a, **k: figures.append(self) or save(self, *a, **k)
    )
    plot_scaling(MEASURED, tmp_path / "plots" / "scaling.png")
    assert cv2.imread(str(tmp_path / "plots" / "scaling.png")).std() > 5
    batch, processes, *others = figures[0].axes
    assert [list(line.get_ydata()) for line in batch.get_lines()] == [[1, 4], [1, 16]]
    labels = [text.get_text() for text in batch.get_legend().get_texts()]
    assert labels == ["work 1.00", "time 2.00 (faster than work)"]
    measured, formula = processes.get_lines()
    assert list(measured.get_ydata()) == [1, 0.9]
    assert list(zip(*formula.get_data(), strict=True)) == [(2, 0.95), (4, 0.8)]
    assert not any(axes.axison for axes in others)
