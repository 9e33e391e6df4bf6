"""Plots are drawn for any data, and their labels do not lie on each other."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from resdet.evaluation.analysis.analyse import analyse
from resdet.evaluation.matches import Matches
from resdet.evaluation.voc.score import match_voc
from resdet.structures.records import Detections, GroundTruth
from resdet.visualization import plots
from resdet.visualization.plots import write_plots

ALL = ["pr_curves.png", "confusion.png", "errors.png", "sizes.png"]


def detections(names: list[str], images: int = 12) -> Matches:
    """Every class in some images, found, misplaced, taken for the next class, or missed."""
    rng, truth, found = np.random.default_rng(0), {}, []
    for image in range(images):
        n = len(names) and 2 * len(names) // images + 2
        corners = rng.integers(0, 300, (n, 2))
        boxes = np.hstack([corners, corners + rng.integers(10, 150, (n, 2))]).astype(float)
        labels = rng.integers(0, max(len(names), 1), n)
        truth[image] = GroundTruth(boxes, labels)
        boxes = boxes + rng.normal(0, 3, boxes.shape)
        shown = np.where(rng.random(n) < 0.3, (labels + 1) % max(len(names), 1), labels)
        found.append(Detections(image, boxes[1:], shown[1:], rng.random(n)[1:]))
    return match_voc(truth, found if names else [], names)


def written(folder: Path, matches: Matches, metric="area") -> dict[str, np.ndarray]:
    paths = write_plots(folder, matches, analyse(matches, metric))
    assert all(path.parent == folder for path in paths)
    return {path.name: cv2.imread(str(path)) for path in paths}


def test_four_pictures(tmp_path: Path) -> None:
    pictures = written(tmp_path / "new" / "folder", detections(["cat", "dog", "emu"]))
    assert list(pictures) == ALL
    for name, picture in pictures.items():
        height, width = picture.shape[:2]
        assert 300 < height < 3000, name
        assert 600 < width < 3000, name
        drawn = (picture < 250).any(axis=2)
        assert drawn.mean() > 0.02, name
        assert not drawn[:2].any(), name  # nothing runs over the edge
        assert not drawn[:, -1].all(), name
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == sorted(ALL)


def test_the_same_again(tmp_path: Path) -> None:
    matches = detections(["cat"])
    once = write_plots(tmp_path / "a", matches, analyse(matches, "area"))
    again = write_plots(tmp_path / "b", matches, analyse(matches, "area"))
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]


@pytest.mark.parametrize(
    "names",
    [
        [],
        ["only"],
        ["$x^$", "_hidden", "<b>&amp;", "%s {0}", "a\nb"],
        ["猫", "🐕", "кошка", "w" * 300],
    ],
)
def test_any_names(tmp_path: Path, names: list[str], recwarn: pytest.WarningsRecorder) -> None:
    assert list(written(tmp_path, detections(names))) == ALL
    assert [str(warning.message) for warning in recwarn] == []


def test_nothing_found_and_nothing_to_find(tmp_path: Path) -> None:
    box, label = np.array([[0, 0, 10, 10]]), np.array([0])
    unfound = match_voc({"a": GroundTruth(box, label)}, [], ["cat", "dog"])
    assert list(written(tmp_path, unfound)) == ALL
    found = [Detections("a", box, label, np.array([0.5]))]
    unwanted = match_voc({"a": GroundTruth(box[:0], label[:0])}, found, ["cat", "dog"])
    assert list(written(tmp_path, unwanted)) == ALL


def test_without_sizes_no_picture_of_them(tmp_path: Path) -> None:
    matches = detections(["cat", "dog"])
    analysis = {**analyse(matches, "area"), "sizes": None}
    assert [path.name for path in write_plots(tmp_path, matches, analysis)] == ALL[:3]


def test_too_many_classes_show_those_with_most_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plots, "MOST_CLASSES", 2)
    matches = detections(["cat", "dog", "emu"])
    most = np.argsort(-matches.num_positives, kind="stable")[:2]
    shown = plots._shown(matches)
    assert shown == [matches.class_names[label] for label in sorted(most)]
    figure = plots._errors_figure(shown, analyse(matches, "area"))
    assert figure.get_suptitle().endswith("; the 2 classes with the most objects, of 3")


FIGURES = {
    "pr": lambda m, a: plots._pr_figure(plots.class_curves(m), plots._shown(m), a),
    "confusion": lambda m, a: plots._confusion_figure(plots._shown(m), a),
    "errors": lambda m, a: plots._errors_figure(plots._shown(m), a),
    "sizes": lambda m, a: plots._sizes_figure(plots._shown(m), a),
}


@pytest.mark.parametrize("classes", [3, 20, 80])
@pytest.mark.parametrize("name", [n for n in FIGURES if n != "pr"])
def test_labels_are_legible(name: str, classes: int) -> None:
    matches = detections([f"long class {k}" for k in range(classes)])
    figure = FIGURES[name](matches, analyse(matches, "area"))
    assert_legible(figure)


def test_panels_are_legible() -> None:
    matches = detections([f"a class name that is long {k}" for k in range(20)])
    assert_legible(FIGURES["pr"](matches, analyse(matches, "area")))


def assert_legible(figure) -> None:
    """No label lies on another of its kind, none leaves the figure, none is below 6 points."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    groups = [[axes.title for axes in figure.axes] + [axes._left_title for axes in figure.axes]]
    for axes in figure.axes:
        groups += [axes.get_yticklabels(), axes.texts]
        ticks = [t for t in axes.get_xticklabels() if t.get_position()[0] <= axes.get_xlim()[1]]
        if all(label.get_rotation() in (0, 90) for label in ticks):
            groups.append(ticks)  # the boxes of slanted ones overlap, they do not
    for group in groups:
        labels = [text for text in group if text.get_text() and text.get_visible()]
        boxes = [text.get_window_extent(renderer) for text in labels]
        assert all(text.get_fontsize() >= 6 for text in labels)
        for box in boxes:
            assert figure.bbox.x0 - 1 <= box.x0 < box.x1 <= figure.bbox.x1 + 1
            assert figure.bbox.y0 - 1 <= box.y0 < box.y1 <= figure.bbox.y1 + 1
        for one, other in itertools.combinations(boxes, 2):
            width = min(one.x1, other.x1) - max(one.x0, other.x0)
            height = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert width <= 1 or height <= 1
