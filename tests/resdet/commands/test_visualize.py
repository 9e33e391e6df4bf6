"""visualize: names kept, one image in memory, broken files counted; videos, cameras, the truth."""

import importlib
import json
import os
import signal
import threading
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from resdet.detector.speed import Speed
from resdet.runtimes import load
from resdet.structures.records import Detections
from resdet.visualization import video
from resdet.visualization.video import VideoWriter, open_video

TOOLS = Path(__file__).parents[3] / "tools"


class Detector:
    """Finds a cell at 0.6 in the middle of every image, and a dog at 0.4 on top of it."""

    class_names = ("cell", "dog")
    live = None

    def predict_named(self, images, *, live):
        Detector.live = live
        for image_id, image in images:
            height, width = image.shape[:2]
            box = [width / 4, height / 4, width * 3 / 4, height * 3 / 4]
            yield Detections(image_id, [box, box], [0, 1], np.array([0.6, 0.4]))


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    monkeypatch.setattr(load, "load_detector", lambda *_, **__: Detector())
    return lambda *argv: importlib.import_module("visualize").main(
        ["--checkpoint", "m.pth", *map(str, argv)]
    )


@pytest.fixture
def visualize(tool, tmp_path):
    def run(source, *more):
        tool("--input", source, "--output", tmp_path / "out", *more)
        return tmp_path / "out"

    return run


def test_a_detector_is_told_the_path_of_an_image(visualize, tmp_path, monkeypatch):
    def refuse(self, images, *, live):
        for image_id, _ in images:
            raise ValueError(f"image must be another, got {image_id}")
        yield

    monkeypatch.setattr(Detector, "predict_named", refuse)
    path = write(tmp_path / "in" / "a.png")
    with pytest.raises(ValueError, match=f"got {path}$"):
        visualize(path.parent)


def write(path, size=(64, 96)):
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.full((*size, 3), 128, np.uint8))
    return path


def film(path, frames=5, rate=20):
    with VideoWriter(path, rate) as writer:
        for number in range(frames):
            writer.write(Fraction(number, rate), np.full((64, 96, 3), 128, np.uint8))
    return path


def changed(path):
    return bool((np.abs(cv2.imread(str(path)).astype(int) - 128) > 60).any())


def test_one_image(visualize, tmp_path):
    out = visualize(write(tmp_path / "in" / "a.png"))
    assert [p.name for p in out.iterdir()] == ["a.png"]
    assert changed(out / "a.png")
    assert not changed(tmp_path / "in" / "a.png")


def test_an_output_may_be_a_file(tool, tmp_path):
    source = write(tmp_path / "a.png")
    tool("--input", source, "--output", tmp_path / "b.jpg")
    assert changed(tmp_path / "b.jpg")
    with pytest.raises(OSError, match="--output must be apart from what --input reads"):
        tool("--input", source, "--output", source)
    with pytest.raises(ValueError, match=r"must be a folder for what is drawn here, got .*b\.mp4"):
        tool("--input", source, "--output", tmp_path / "b.mp4")
    other = write(tmp_path / "c.png")
    with pytest.raises(ValueError, match="must be a folder for what"):
        tool("--input", source, other, "--output", tmp_path / "b.jpg")


@pytest.mark.parametrize(
    ("more", "drawn"),
    [
        (["--threshold", "0.61"], []),
        (["--confidence-threshold", "0.3"], [0, 1]),
        (["--threshold", "0.3", "--classes", "dog"], [1]),
        (["--threshold", "0.3", "--top", "1"], [0]),
    ],
)
def test_what_of_the_detections_is_drawn(visualize, tmp_path, monkeypatch, more, drawn):
    seen = []
    monkeypatch.setattr(
        "resdet.commands.show.draw_detections",
        lambda image, b, labels, *_, **__: seen.append(labels) or image,
    )
    visualize(write(tmp_path / "in" / "a.png"), *more)
    assert [labels.tolist() for labels in seen] == [drawn]


@pytest.mark.parametrize(
    ("threshold", "told"),
    [
        ("0.3", "boxes: 4, scores of at least 0.3"),
        ("0.9", "boxes: 0 at --threshold 0.9; the highest score found is 0.6"),
    ],
)
def test_the_end_tells_how_many_boxes(visualize, tmp_path, capsys, threshold, told):
    for name in ("a.png", "b.png"):
        write(tmp_path / "in" / name)
    visualize(tmp_path / "in", "--threshold", threshold)
    assert told in capsys.readouterr().out.splitlines()


def test_boxes_are_listed(tool, tmp_path, capsys):
    source = write(tmp_path / "in" / "a.png")
    lists = ["--csv", tmp_path / "a.csv", "--json", tmp_path / "a.json"]
    tool("--input", source, "--threshold", "0.3", *lists)
    assert (tmp_path / "a.csv").read_text().splitlines() == [
        "image,class,score,x1,y1,x2,y2",
        f"{source},cell,0.6000,24.00,16.00,72.00,48.00",
        f"{source},dog,0.4000,24.00,16.00,72.00,48.00",
    ]
    first, second = json.loads((tmp_path / "a.json").read_text())
    assert first == {
        "file_name": str(source),
        "image_id": "a",
        "category_id": 1,
        "bbox": [24, 16, 48, 32],
        "score": 0.6,
        "category_name": "cell",
    }
    assert second["category_id"] == 2
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == ["in"]  # no picture was asked for
    tool("--input", film(tmp_path / "v.mp4", frames=2), *lists)
    rows = (tmp_path / "a.csv").read_text().splitlines()[1:]
    assert [row.partition(",")[0] for row in rows] == [f"{tmp_path}/v.mp4#{n}" for n in (0, 1)]
    with pytest.raises(OSError, match="--csv must be apart from what --input reads"):
        tool("--input", source, "--csv", source)


def test_a_misspelt_class_is_answered_with_the_nearest(visualize, tmp_path):
    with pytest.raises(ValueError, match=r"one of the detector's \(cell, dog, \.\.\.\), got 'cel'"):
        visualize(write(tmp_path / "in" / "a.png"), "--classes", "cel")


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


def test_several_inputs(tool, tmp_path):
    write(tmp_path / "one" / "a.png")
    write(tmp_path / "two" / "b.png")
    out = ["--output", tmp_path / "out"]
    tool("--input", tmp_path / "one", tmp_path / "two" / "b.png", *out)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.png", "b.png"]
    write(tmp_path / "two" / "a.png")
    with pytest.raises(ValueError, match=r"different names, got .*one/a\.png and .*two/a\.png"):
        tool("--input", tmp_path / "one", tmp_path / "two", *out)
    with pytest.raises(ValueError, match="one video or any number of images"):
        tool("--input", tmp_path / "one", tmp_path / "v.mp4", *out)


def test_only_broken_files(visualize, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.jpg").write_text("no image")
    with pytest.raises(ValueError, match="got 1 unreadable"):
        visualize(tmp_path / "in")


def test_the_input_is_never_overwritten(visualize, tmp_path):
    with pytest.raises(ValueError, match="another folder than the input's"):
        visualize(write(tmp_path / "out" / "a.png"))


@pytest.mark.parametrize("name", ["out", "out/deeper"])
def test_an_output_that_cannot_be_a_folder_is_refused_first(tmp_path, tool, monkeypatch, name):
    monkeypatch.setattr(load, "load_detector", None)  # not reached
    (tmp_path / "out").write_text("precious")
    source = write(tmp_path / "in" / "a.png")
    with pytest.raises(
        OSError, match="--output must (be new or a folder|lie in a folder to write in)"
    ):
        tool("--input", source, "--output", tmp_path / name)


def test_a_picture_whose_kind_cannot_be_written_is_a_png(tmp_path, visualize):
    source = write(tmp_path / "in" / "a.png").rename(tmp_path / "in" / "a.heic")
    assert [path.name for path in visualize(source).iterdir()] == ["a.heic.png"]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--input", "a.png"], "--output, --contact-sheet, --csv or --json must be given"),
        (["--input", "a.png", "--split", "val", "--output", "o"], "--split goes with --data"),
        (["--annotations", "a.json", "--output", "o"], "--annotations and --images go together"),
        (["--output", "o"], "--input or --webcam or --data or --annotations must be given"),
        (["--input", "a", "--output", "o", "--seconds", "-1"], "--seconds must not be negative"),
    ],
)
def test_options_that_do_not_go_together(tool, capsys, argv, told):
    with pytest.raises(SystemExit):
        tool(*argv)
    assert told in capsys.readouterr().err


def test_speed_reaches_the_detector(visualize, tmp_path, monkeypatch):
    seen = []
    found = lambda *_, speed, **__: seen.append(speed) or Detector()  # noqa: E731
    monkeypatch.setattr(load, "load_detector", found)
    source = write(tmp_path / "in" / "a.png")
    visualize(source)
    visualize(source, "--precision", "bf16", "--compile", "--batch", "3")
    assert seen == [Speed(), Speed("bf16", True, 3)]
    with pytest.raises(SystemExit):
        visualize(source, "--batch", "0")


@pytest.mark.parametrize("with_av", [True, False])
def test_a_video_keeps_its_rate(visualize, tmp_path, monkeypatch, capsys, with_av):
    if with_av:
        pytest.importorskip("av")
    else:
        monkeypatch.setattr(video, "av", None)
    out = visualize(film(tmp_path / "in" / "clip.avi"))
    assert ("pip install 'resdet[video]'" in capsys.readouterr().out) == (not with_av)
    drawn = open_video(out / "clip.mp4")
    assert drawn.rate == 20
    frames = [frame for _, frame in drawn]
    assert len(frames) == 5
    assert all((np.abs(frame.astype(int) - 128) > 60).any() for frame in frames)


def test_the_first_frames_of_a_video(visualize, tmp_path):
    clip = film(tmp_path / "in" / "clip.mp4", frames=9, rate=10)
    assert len(list(open_video(visualize(clip, "--frames", "3") / "clip.mp4"))) == 3
    assert len(list(open_video(visualize(clip, "--seconds", "0.5") / "clip.mp4"))) == 5
    assert Detector.live is False


class Camera:
    """A camera that goes on for ever; `at` the eleventh frame something happens."""

    happens = staticmethod(lambda: None)

    def __init__(self, index):
        self.index, self.frames = index, 0

    def isOpened(self):
        return self.index == 0

    def get(self, what):
        return 30.0

    def read(self):
        self.frames += 1
        if self.frames == 11:
            self.happens()
        return True, np.full((48, 64, 3), 128, np.uint8)

    def release(self):
        pass


@pytest.fixture
def camera(monkeypatch):
    real = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", lambda *a: Camera(*a) if a else real())
    return Camera


@pytest.mark.parametrize("given", [["--input", "0"], ["--webcam"]])
def test_a_camera_films_as_many_frames_as_asked(tool, camera, tmp_path, capsys, given):
    tool(*given, "--output", tmp_path / "out", "--limit", "7")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["camera0.mp4"]
    assert "drawn: 7 frames, at the times they were filmed" in capsys.readouterr().out
    assert Detector.live is True


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_camera_films_until_it_is_stopped(
    tool, camera, monkeypatch, tmp_path, capsys, request, sign
):
    monkeypatch.setattr(camera, "happens", lambda self: os.kill(os.getpid(), sign))
    before = signal.getsignal(signal.SIGTERM)
    interrupts = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a background job has none
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, interrupts))
    tool("--webcam", "--output", tmp_path / "out.mp4", "--seconds", "60")
    assert signal.getsignal(signal.SIGTERM) == before
    assert "stopped\ndrawn: " in capsys.readouterr().out
    assert len(list(open_video(tmp_path / "out.mp4"))) >= 1  # whole, and playable
    assert threading.active_count() < 20


def test_a_camera_that_is_not_there(tool, camera, tmp_path):
    with pytest.raises(ValueError, match="a camera that answers, got 3"):
        tool("--input", "3", "--output", tmp_path / "out")


def test_a_contact_sheet_of_pictures_and_of_a_film(tool, tmp_path, capsys):
    for name in "abc":
        write(tmp_path / "in" / f"{name}.png")
    tool("--input", tmp_path / "in", "--contact-sheet", tmp_path / "all.jpg")
    assert changed(tmp_path / "all.jpg")
    assert "all.jpg, 3 pictures" in capsys.readouterr().out
    clip = film(tmp_path / "film" / "clip.mp4")
    tool("--input", clip, "--contact-sheet", tmp_path / "film.jpg", "--output", tmp_path / "out")
    assert "film.jpg, 5 pictures" in capsys.readouterr().out
    assert (tmp_path / "out" / "clip.mp4").is_file()


def test_a_contact_sheet_that_cannot_be_written_is_refused_first(tool, tmp_path, monkeypatch):
    monkeypatch.setattr(load, "load_detector", None)  # not reached
    source = write(tmp_path / "in" / "a.png")
    before = source.read_bytes()
    with pytest.raises(OSError, match="--contact-sheet must be apart from what --input reads"):
        tool("--input", source, "--contact-sheet", source)
    with pytest.raises(OSError, match=r"must be a picture \(\.jpg .*\), got .*a\.txt"):
        tool("--input", source, "--contact-sheet", tmp_path / "a.txt")
    assert source.read_bytes() == before


def test_a_film_is_written_as_the_file_that_it_is_called(tool, tmp_path):
    clip = film(tmp_path / "in" / "clip.avi")
    with pytest.raises(ValueError, match=r"must be a \.mp4 file for this video, got .*a\.webm"):
        tool("--input", clip, "--output", tmp_path / "a.webm")


@pytest.fixture
def coco(tmp_path):
    """Three images, of another order of classes than the detector's."""
    images, objects = [], []
    for number in range(3):
        write(tmp_path / "in" / f"{number}.png")
        images.append({"id": number, "file_name": f"{number}.png", "height": 64, "width": 96})
        box = {"bbox": [24, 16, 48, 32], "category_id": 2, "iscrowd": 0, "area": 1536}
        objects.append({"id": number + 1, "image_id": number, **box})
    categories = [{"id": 1, "name": "dog"}, {"id": 2, "name": "cell"}]
    content = {"images": images, "annotations": objects, "categories": categories}
    (tmp_path / "truth.json").write_text(json.dumps(content))
    return ["--annotations", tmp_path / "truth.json", "--images", tmp_path / "in"]


def test_beside_the_truth(tool, coco, tmp_path, capsys):
    tool(*coco, "--output", tmp_path / "out", "--threshold", "0.3")
    told = capsys.readouterr().out
    assert "drawn: 3 of 3; at IoU 0.5, correct 3, classification 3" in told
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["0.jpg", "1.jpg", "2.jpg"]
    width = cv2.imread(str(tmp_path / "out" / "0.jpg")).shape[1]
    assert width > 2 * 480


def test_some_of_the_data_beside_the_truth(tool, coco, tmp_path, capsys):
    tool(*coco, "--output", tmp_path / "out", "--limit", "2")
    assert "drawn: 2 of 3; at IoU 0.5, correct 2" in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["0.jpg", "1.jpg"]


def test_data_of_other_classes(tool, coco, tmp_path, monkeypatch):
    monkeypatch.setattr(Detector, "class_names", ("cell", "cat"))
    with pytest.raises(ValueError, match=r"must be the detector's \(cell, cat\), got dog; give"):
        tool(*coco, "--output", tmp_path / "out")
