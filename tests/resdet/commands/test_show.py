"""What is drawn of what, and where it goes."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from resdet.commands.show import Show, Shown, counted, inputs_of, target_of
from resdet.structures.records import Dataset, Detections, ImageRecord
from resdet.visualization.drawn import Drawn
from resdet.visualization.video import Camera


class Detector:
    """Finds a cell at 0.6 in the middle of every image, and a dog at 0.4 on top of it."""

    class_names = ("cell", "dog")

    def predict_named(self, images, *, live):
        for image_id, image in images:
            height, width = image.shape[:2]
            box = [width / 4, height / 4, width * 3 / 4, height * 3 / 4]
            yield Detections(image_id, [box, box], [0, 1], np.array([0.6, 0.4]))


def made():
    return Show(Detector(), Shown(), Drawn(Detector.class_names, (1, 2), kept=False))


def write(path, size=(64, 96)):
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.full((*size, 3), 128, np.uint8))
    return path


def test_few_images_are_held():
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

    show = made()
    name = lambda number: (number, "a.mp4")  # noqa: E731
    write = lambda number, _: written.append(number)  # noqa: E731
    assert show._each(frames(), name, show._detections, write) == 300
    assert written == list(range(300))
    assert (show.drawn.boxes, show.drawn.images) == (300, [])  # counted, not kept


@pytest.mark.parametrize(
    ("names", "ids"),
    [(("dog", "cell"), (9, 7)), (("dog",), (1, 2)), (("dog", "cell", "x"), (9, 7))],
)
def test_boxes_are_listed_under_the_ids_of_the_data(tmp_path, names, ids):
    category_ids = (7, 9, 11)[: len(names)]
    dataset = Dataset("mine", "coco", names, (), tmp_path, category_ids=category_ids)
    assert counted(("cell", "dog"), dataset, kept=True).category_ids == ids
    assert counted(("cell", "dog"), [], kept=True).category_ids == (1, 2)


def test_a_folder_called_0_is_no_camera(tmp_path, monkeypatch):
    write(tmp_path / "0" / "a.png")
    monkeypatch.chdir(tmp_path)
    assert inputs_of(["0"]) == [Path("0/a.png")]


def test_a_folder_called_as_a_film_is_a_folder(tmp_path):
    source = write(tmp_path / "clip.mp4" / "a.png")
    assert inputs_of([str(tmp_path / "clip.mp4")]) == [source]


def test_a_film_is_one_by_its_content(tmp_path):
    (tmp_path / "noext").write_bytes(b"\0\0\0\x20ftypisom" + bytes(40))
    (tmp_path / "photo").write_bytes(b"\0\0\0\x20ftypavif" + bytes(40))
    with pytest.raises(ValueError, match="must be a readable video, got .*noext"):
        inputs_of([str(tmp_path / "noext")])
    assert inputs_of([str(tmp_path / "photo")]) == [tmp_path / "photo"]
    with pytest.raises(ValueError, match="must be one video or any number of images"):
        inputs_of([str(tmp_path / "noext"), str(tmp_path / "photo")])


def test_a_film_without_suffix_and_a_camera_get_a_name(tmp_path):
    class Film:
        suffix = ".mp4"

    assert target_of(tmp_path, Film())(Path("x/noext")) == tmp_path / "noext.mp4"
    assert target_of(tmp_path, object.__new__(Camera))(Path("0")) == tmp_path / "camera0.mp4"


def test_data_without_truth_or_with_one_name_twice(tmp_path):
    records = [ImageRecord(i, tmp_path / folder / "a.jpg", 9, 9) for i, folder in enumerate("xy")]
    dataset = Dataset("mine", "coco", ("cell",), tuple(records), tmp_path)
    with pytest.raises(ValueError, match="mine must have ground truth, got none"):
        made().beside_truth(dataset, lambda path: None)
    target = target_of(tmp_path / "out", dataset)
    assert [target(r.path).name for r in records] == ["a_000000.jpg", "a_000001.jpg"]
