"""Learning curves read, thinned and drawn."""

import json
import subprocess
import sys

import cv2

from backbones.training.curves import Curve, format_iterations, plot_errors, read_curves, thin


def write_metrics(path, lines):
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


def ink(path, colour):
    """Pixels near an RGB colour."""
    picture = cv2.imread(str(path))[:, :, ::-1].astype(int)
    return int((abs(picture - colour).max(axis=2) < 40).sum())


def test_curves_pass_over_a_cut_line(tmp_path):
    lines = [{"iteration": i, "loss": 1 / i, "loss_cls": 0.5 / i, "lr": 0.1} for i in range(1, 20)]
    lines.append({"iteration": 19, "test/mAP": 0.4})
    metrics = write_metrics(tmp_path / "metrics.json", lines)
    metrics.write_text(metrics.read_text() + '\n{"iteration": 20, "lo')
    curves = read_curves(metrics)
    assert curves["loss"][:2] == [(1, 1.0), (2, 0.5)]
    assert len(curves["loss_cls"]) == 19
    assert curves["test/mAP"] == [(19, 0.4)]


def test_thinning_takes_means_of_stretches():
    assert thin([(i, 2 * i) for i in range(6)], 3) == [(0.5, 1), (2.5, 5), (4.5, 9)]
    assert thin([(1, 2)], 3) == [(1, 2)]


def test_iterations_are_counted_in_thousands():
    assert [format_iterations(x) for x in (0, 500, 2500, 32000)] == ["0", "500", "2.5k", "32k"]


def test_errors_are_shown_within_the_limits_unless_a_run_ends_outside(tmp_path):
    falling = [(0, 90.0), (100, 10.0)]
    for name, end in (("within", 10.0), ("outside", 85.0)):
        test = [(0, 90.0), (100, end)]
        curves = [Curve("plain-20", falling, test), Curve("plain-56", (), test[1:], colour=1)]
        panels = {"plain": curves, "residual": []}
        plot_errors(panels, tmp_path / f"{name}.png", title="t", limits=(0, 20))
    blue, red = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)
    assert ink(tmp_path / "within.png", red) > 150  # in the legend, and a mark for the one point
    assert ink(tmp_path / "outside.png", blue) > 1.5 * ink(tmp_path / "within.png", blue)


def test_no_display_is_asked_for():
    code = "import sys, backbones.training.curves; assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
