"""Videos there and back, lists of images, and learning curves."""

import json

import cv2
import numpy as np
import pytest

from resdet.visualization.curves import plot_learning_curve, read_curves
from resdet.visualization.media import Video, VideoWriter, image_files, write_image


def test_video_round_trip(tmp_path):
    path = tmp_path / "sub" / "v.mp4"
    with VideoWriter(path, 12.5) as writer:
        for level in (0, 120, 240):
            writer.write(np.full((48, 64, 3), level, np.uint8))
    video = Video(path)
    assert (video.frames_per_second, video.num_frames) == (12.5, 3)
    assert [round(float(frame.mean()) / 120) for frame in video] == [0, 1, 2]


def test_what_is_no_video_or_image(tmp_path):
    (tmp_path / "v.mp4").write_text("text")
    with pytest.raises(ValueError, match=r"must be a readable video, got .*v\.mp4"):
        Video(tmp_path / "v.mp4")
    with pytest.raises(ValueError, match="got none in"):
        image_files(tmp_path)
    with pytest.raises(ValueError, match="got no file"):
        image_files(tmp_path / "absent")
    with pytest.raises(OSError, match="picture must be writable"):
        write_image(tmp_path / "x.nosuch", np.zeros((4, 4, 3), np.uint8))


def test_images_of_a_folder_by_name(tmp_path):
    for name in ("b.JPG", "a.png", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in image_files(tmp_path)] == ["a.png", "b.JPG"]
    assert image_files(tmp_path / "a.png") == [tmp_path / "a.png"]


def test_curves_pass_over_a_cut_line(tmp_path):
    metrics = tmp_path / "metrics.json"
    lines = [{"iteration": i, "loss": 1 / i, "loss_cls": 0.5 / i, "lr": 0.1} for i in range(1, 20)]
    lines.append({"iteration": 19, "test/mAP": 0.4})
    metrics.write_text("\n".join(map(json.dumps, lines)) + '\n{"iteration": 20, "lo')
    curves = read_curves(metrics)
    assert curves["loss"][:2] == [(1, 1.0), (2, 0.5)]
    assert len(curves["loss_cls"]) == 19
    assert curves["test/mAP"] == [(19, 0.4)]
    plot_learning_curve(metrics, tmp_path / "p" / "curve.png")
    picture = cv2.imread(str(tmp_path / "p" / "curve.png"))
    assert picture.shape == (720, 960, 3)
    assert (picture.min(axis=2) < 200).sum() > 2000  # something is drawn
    metrics.write_text('{"iteration": 1, "lr": 0.1}\n')
    with pytest.raises(ValueError, match="got none in"):
        plot_learning_curve(metrics, tmp_path / "c.png")
