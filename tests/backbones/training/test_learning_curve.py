"""The picture beside metrics.json: which panels it has, and what stands in them."""

import json

import cv2
import numpy as np
import pytest

from backbones.training import learning_curve
from backbones.training.learning_curve import plot_learning_curve

BLUE, GREY = (0x00, 0x72, 0xB2), (0x59, 0x59, 0x59)


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Writes metrics, draws them, returns the picture and the figure."""
    figures = []
    make = learning_curve.new_figure
    monkeypatch.setattr(
        learning_curve, "new_figure", lambda *size: figures.append(make(*size)) or figures[-1]
    )

    def draw(lines, title=""):
        metrics, picture = tmp_path / "metrics.json", tmp_path / "p" / "curve.png"
        metrics.write_text("\n".join(map(json.dumps, lines)))
        plot_learning_curve(metrics, picture, title)
        return cv2.imread(str(picture))[:, :, ::-1].astype(int), figures[-1]

    return draw


def ink(picture, colour):
    return int((abs(picture - np.array(colour)).max(axis=2) < 40).sum())


def legends(figure):
    found = [axes.get_legend() for axes in figure.axes]
    return [[text.get_text() for text in one.get_texts()] for one in found if one]


@pytest.mark.parametrize(
    ("more", "panels"),
    [
        ({}, ["loss", "rate"]),
        ({"test/mAP": 0.4}, ["loss", "AP x 100", "rate"]),
        ({"train_error": 30.0, "top1_error": 40.0}, ["loss", "error, %", "rate"]),
        ({"train_error": 30.0, "AP": 0.4}, ["loss", "error, %", "AP x 100", "rate"]),
    ],
)
def test_a_panel_for_each_kind_of_measure(drawn, more, panels):
    lines = [{"iteration": i, "total_loss": 9 / i, "lr": 0.1, **more} for i in (1, 2, 3)]
    picture, figure = drawn(lines)
    assert [axes.get_ylabel() for axes in figure.axes] == panels
    assert ink(picture, BLUE) > 200
    assert ink(picture, GREY) > 200  # the rate


def test_curves_stand_beside_their_panel_the_highest_first(drawn):
    losses = {"total_loss": 3.0, "loss_box_reg": 1.0, "loss_cls": 2.0}
    scores = {"voc/mAP@0.50-area": 0.5, "voc/mAP@0.50-11point": 0.6, "voc/AP-$cat$": 0.9}
    lines = [{"iteration": i, **losses, **scores} for i in (1, 2)]
    _, figure = drawn(lines, "run $1$")
    assert legends(figure) == [
        ["total  3", "cls  2", "box_reg  1"],
        ["mAP@0.50-11point  60", "mAP@0.50-area  50"],
    ]


def test_many_curves_are_counted(drawn):
    terms = {f"loss_{i}": float(i) for i in range(13)}
    _, figure = drawn([{"iteration": 1, "total_loss": 9.0, **terms}])
    (named,) = legends(figure)
    assert len(named) == 11
    assert named[-1] == "and 4 more"


def test_a_long_run_is_drawn_by_means_over_what_was_logged(drawn):
    lines = [{"iteration": i, "loss_cls": 2.0 + i % 2} for i in range(1000)]
    _, figure = drawn(lines)
    raw, means = figure.axes[0].lines
    assert len(raw.get_xdata()) == 1000
    assert len(means.get_xdata()) == 200
    assert np.ptp(means.get_ydata()) < 0.5 < np.ptp(raw.get_ydata())


def test_the_best_evaluation_has_a_ring(drawn):
    lines = [{"iteration": 0, "loss_cls": 1.0}]
    lines += [{"iteration": i, "top1_error": e} for i, e in ((1, 50.0), (2, 20.0), (3, 30.0))]
    _, figure = drawn(lines)
    ring = figure.axes[1].lines[-1]
    assert (*ring.get_xdata(), *ring.get_ydata()) == (2, 20.0)


def test_a_rate_that_falls_to_nothing_keeps_its_scale(drawn):
    rates = (1e-9, 0.1, 0.01, 0.0)
    _, figure = drawn([{"iteration": i, "loss": 1.0, "lr": r} for i, r in enumerate(rates)])
    assert figure.axes[-1].get_ylim() == pytest.approx((1e-5, 0.25))


def test_a_run_without_a_loss_has_no_curve(drawn):
    with pytest.raises(ValueError, match=r"a loss, got none in .*metrics\.json"):
        drawn([{"iteration": 1, "lr": 0.1}])
