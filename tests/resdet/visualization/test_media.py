"""Videos there and back, and lists of images."""

import numpy as np
import pytest

from resdet.visualization.media import Video, VideoWriter, image_files, write_image


def test_video_round_trip(tmp_path):
    path = tmp_path / "sub" / "v.mp4"
    with VideoWriter(path, 12.5) as writer:
        for level in (0, 120, 240):
            writer.write(np.full((48, 64, 3), level, np.uint8))
    video = Video(path)
    assert (video.frames_per_second, video.num_frames) == (12.5, 3)
    assert [round(float(frame.mean()) / 120) for frame in video] == [0, 1, 2]


PLAYLISTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n{0}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile {0}\n",
    "DASH": "<?xml version='1.0'?><MPD><Period><BaseURL>{0}</BaseURL></Period></MPD>",
    "session": "v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "pattern": "%d.jpg",
}


@pytest.mark.parametrize("suffix", [".mp4", ".m3u8", ".ffconcat", ".sdp"])
@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_list_of_other_files_is_no_video(tmp_path, kind, suffix):
    with VideoWriter(tmp_path / "secret.mp4", 25) as writer:
        writer.write(np.zeros((48, 64, 3), np.uint8))
    path = tmp_path / f"v{suffix}"
    path.write_text(PLAYLISTS[kind].format("secret.mp4"))
    with pytest.raises(ValueError, match="must be a readable video"):
        Video(path)


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
