"""visualize: names kept, one image in memory, broken files counted, videos at their rate."""

import importlib
from pathlib import Path

import cv2
import numpy as np
import pytest

import resdet.engines
from resdet.engines.speed import Speed
from resdet.structures import Detections
from resdet.visualization.media import Video, VideoWriter

TOOLS = Path(__file__).parents[2] / "tools"


class Detector:
    class_names = ("cell",)

    def __init__(self):
        self.images_ahead = []

    def predict(self, images):
        for image_id, image in images:
            self.images_ahead.append(image_id)
            height, width = image.shape[:2]
            box = [[width / 4, height / 4, width * 3 / 4, height * 3 / 4]]
            yield Detections(image_id, box, [0], np.array([0.6]))


@pytest.fixture
def visualize(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    load = lambda path, engine, device, speed: Detector()  # noqa: E731
    monkeypatch.setattr(resdet.engines, "load_detector", load, raising=False)

    def run(source, *more):
        argv = ["--checkpoint", "m.pth", "--input", source, "--output", tmp_path / "out", *more]
        importlib.import_module("visualize").main([str(arg) for arg in argv])
        return tmp_path / "out"

    return run


def write(path, size=(64, 96)):
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.full((*size, 3), 128, np.uint8))
    return path


def changed(path):
    return bool((np.abs(cv2.imread(str(path)).astype(int) - 128) > 60).any())


def test_one_image(visualize, tmp_path):
    out = visualize(write(tmp_path / "in" / "a.png"))
    assert [p.name for p in out.iterdir()] == ["a.png"]
    assert changed(out / "a.png")
    assert not changed(tmp_path / "in" / "a.png")


def test_threshold(visualize, tmp_path):
    out = visualize(write(tmp_path / "in" / "a.png"), "--threshold", "0.61")
    assert not changed(out / "a.png")


def test_a_folder_with_a_broken_file(visualize, tmp_path, capsys):
    for name in ("a.jpg", "c.PNG"):
        write(tmp_path / "in" / name)
    (tmp_path / "in" / "b.jpg").write_text("no image")
    out = visualize(tmp_path / "in")
    assert sorted(p.name for p in out.iterdir()) == ["a.jpg", "c.PNG"]
    captured = capsys.readouterr()
    assert "drawn: 2, unreadable: 1" in captured.out
    assert "warning: left out" in captured.err
    assert "b.jpg" in captured.err


def test_only_broken_files(visualize, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.jpg").write_text("no image")
    with pytest.raises(ValueError, match="got 1 unreadable"):
        visualize(tmp_path / "in")


def test_the_input_is_never_overwritten(visualize, tmp_path):
    with pytest.raises(ValueError, match="another folder than the input's"):
        visualize(write(tmp_path / "out" / "a.png"))


@pytest.mark.parametrize("name", ["out", "out/deeper"])
def test_an_output_that_cannot_be_a_folder_is_refused_first(tmp_path, visualize, monkeypatch, name):
    monkeypatch.setattr(resdet.engines, "load_detector", None)  # not reached
    (tmp_path / "out").write_text("precious")
    with pytest.raises(OSError, match="output must be a folder to write in"):
        visualize(write(tmp_path / "in" / "a.png"), "--output", tmp_path / name)


def test_a_picture_that_cannot_be_written_is_refused_first(tmp_path, visualize, monkeypatch):
    monkeypatch.setattr(resdet.engines, "load_detector", None)
    source = write(tmp_path / "in" / "a.png").rename(tmp_path / "in" / "a.heic")
    with pytest.raises(OSError, match=rf"a kind that OpenCV writes, got {source}"):
        visualize(source)


def test_few_images_are_held(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    draw = importlib.import_module("visualize")._draw
    held, written = set(), []

    class Frame(np.ndarray):
        def __del__(self):
            held.discard(id(self))

    def frames():
        for number in range(300):
            frame = np.zeros((32, 32, 3), np.uint8).view(Frame)
            held.add(id(frame))
            assert len(held) < 20
            yield number, frame

    assert draw(Detector(), frames(), 0.5, lambda name, _: written.append(name)) == 300
    assert written == list(range(300))


def test_speed_reaches_the_detector(visualize, tmp_path, monkeypatch):
    seen = []
    load = lambda path, engine, device, speed: seen.append(speed) or Detector()  # noqa: E731
    monkeypatch.setattr(resdet.engines, "load_detector", load)
    source = write(tmp_path / "in" / "a.png")
    visualize(source)
    visualize(source, "--precision", "bf16", "--compile", "--batch", "3")
    assert seen == [Speed(), Speed("bf16", True, 3)]
    with pytest.raises(SystemExit):
        visualize(source, "--batch", "0")


def test_a_video_keeps_its_rate(visualize, tmp_path):
    with VideoWriter(tmp_path / "in" / "clip.avi", 20) as writer:
        for _ in range(5):
            writer.write(np.full((64, 96, 3), 128, np.uint8))
    video = Video(visualize(tmp_path / "in" / "clip.avi") / "clip.mp4")
    assert video.frames_per_second == 20
    frames = list(video)
    assert len(frames) == 5
    assert all((np.abs(frame.astype(int) - 128) > 60).any() for frame in frames)
