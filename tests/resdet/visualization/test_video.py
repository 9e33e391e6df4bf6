"""Videos there and back: times, sound and size, with PyAV and without; cameras."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from resdet.visualization import video
from resdet.visualization.video import Camera, Video, VideoWriter, open_video

NTSC = Fraction(30000, 1001)


def grey(level, height=48, width=64):
    return np.full((height, width, 3), level, np.uint8)


def levels(source):
    return [round(float(frame.mean()) / 40) for _, frame in source]


def film(path, rate=NTSC, times=range(6), sound="", size=(48, 64), corner=0):
    """A video with one shade a frame, shown at `times` / rate, and a tone."""
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as out:
        pictures = out.add_stream("libx264", rate=rate)
        pictures.height, pictures.width = size
        pictures.pix_fmt = "yuv420p"
        tone = out.add_stream(sound, rate=44100) if sound else None
        for number, at in enumerate(times):
            shade = grey(40 * number, *size)
            shade[: size[0] // 4, : size[1] // 4] += corner
            frame = av.VideoFrame.from_ndarray(shade, format="bgr24")
            frame.pts, frame.time_base = at, 1 / rate
            out.mux(pictures.encode(frame))
        out.mux(pictures.encode())
        for number in range(9 if tone else 0):
            planar = "p" in tone.codec_context.format.name
            kind = np.float32 if "flt" in tone.codec_context.format.name else np.int16
            wave = (1000 * np.sin(np.arange(1024))).astype(kind)[None]
            form = tone.codec_context.format.name if planar else "s16"
            block = av.AudioFrame.from_ndarray(wave, format=form, layout="mono")
            block.sample_rate, block.pts = 44100, 1024 * number
            block.time_base = Fraction(1, 44100)
            out.mux(tone.encode(block))
        if tone:
            out.mux(tone.encode())
    return path


def copy(source, target):
    with source.writer(target) as writer:
        for at, frame in source:
            writer.write(at, frame)
    return target


def sound_of(path):
    av = pytest.importorskip("av")
    with av.open(str(path)) as file:
        packets = file.demux(file.streams.audio[0])
        return [bytes(packet) for packet in packets if packet.dts is not None]


def test_opencv_keeps_a_rate_of_few_digits(tmp_path, monkeypatch):
    monkeypatch.setattr(video, "av", None)
    path = tmp_path / "sub" / "v.mp4"
    with VideoWriter(path, Fraction(25, 2)) as writer:
        for number in range(3):
            writer.write(number * Fraction(2, 25), grey(40 * number))
    source = open_video(path)
    assert isinstance(source, Video)
    assert (source.rate, source.num_frames) == (Fraction(25, 2), 3)
    again = Video(copy(source, tmp_path / "again.mp4"))
    assert [at for at, _ in again] == [0, Fraction(2, 25), Fraction(4, 25)]
    assert levels(Video(tmp_path / "again.mp4")) == [0, 1, 2]


def test_the_american_rate_is_kept_to_the_last_digit(tmp_path):
    source = open_video(film(tmp_path / "v.mp4"))
    assert source.rate == NTSC
    again = open_video(copy(source, tmp_path / "again.mp4"))
    assert (again.rate, again.num_frames) == (NTSC, 6)
    assert [at for at, _ in again] == [number / NTSC for number in range(6)]
    assert levels(again) == [0, 1, 2, 3, 4, 5]


def test_frames_of_a_telephone_keep_their_uneven_times(tmp_path):
    uneven = [0, 1, 5, 6, 14]
    source = open_video(film(tmp_path / "v.mp4", Fraction(30), uneven))
    again = open_video(copy(source, tmp_path / "again.mp4"))
    assert [at for at, _ in again] == [Fraction(at, 30) for at in uneven]


@pytest.mark.parametrize(("codec", "suffix"), [("aac", ".mp4"), ("pcm_s16le", ".mkv")])
def test_sound_is_copied_to_the_last_bit(tmp_path, codec, suffix):
    given = ".mp4" if codec == "aac" else ".avi"
    source = open_video(film(tmp_path / f"v{given}", Fraction(30), sound=codec))
    assert source.suffix == suffix  # of a file that holds such sound
    again = copy(source, tmp_path / f"again{suffix}")
    assert sound_of(again) == sound_of(tmp_path / f"v{given}")
    assert len(sound_of(again)) > 3


def test_sound_ends_with_the_pictures_of_a_cut_video(tmp_path):
    source = open_video(film(tmp_path / "v.mp4", Fraction(30), range(6), sound="aac"))
    with source.writer(tmp_path / "cut.mp4") as writer:
        writer.write(*next(iter(source)))
    assert 0 < len(sound_of(tmp_path / "cut.mp4")) < len(sound_of(tmp_path / "v.mp4"))


def test_odd_sizes_are_grown(tmp_path):
    pytest.importorskip("av")
    source = open_video(film(tmp_path / "v.mp4", size=(48, 64)))
    with source.writer(tmp_path / "odd.mp4") as writer:
        for at, frame in source:
            writer.write(at, frame[:47, :63])
    assert [frame.shape for _, frame in open_video(tmp_path / "odd.mp4")] == 6 * [(48, 64, 3)]


def test_a_writer_without_frames_leaves_no_file(tmp_path):
    with VideoWriter(tmp_path / "v.mp4", 25):
        pass
    source = open_video(film(tmp_path / "real.mp4"))
    with source.writer(tmp_path / "w.mp4"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["real.mp4"]


class Capture:
    """A camera of four frames; two seconds pass from one to the next."""

    def __init__(self, index, clock, rate=30.0):
        self.index, self.clock, self.rate = index, clock, rate
        self.frames = [grey(40 * number) for number in range(4)] if index == 0 else []
        self.released = False

    def isOpened(self):
        return bool(self.frames)

    def get(self, what):
        return self.rate

    def read(self):
        self.clock[0] += 2
        return (True, self.frames.pop(0)) if self.frames else (False, None)

    def release(self):
        self.released = True


@pytest.fixture
def camera(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(cv2, "VideoCapture", lambda index: Capture(index, clock))
    monkeypatch.setattr(video.time, "monotonic", lambda: clock[0])


@pytest.mark.parametrize("with_av", [True, False])
def test_a_camera_is_filmed_in_the_time_that_passed(tmp_path, camera, monkeypatch, with_av):
    if with_av:
        pytest.importorskip("av")
    else:
        monkeypatch.setattr(video, "av", None)
    path = copy(Camera(0), tmp_path / "v.mp4")
    monkeypatch.undo()
    if with_av:
        assert [at for at, _ in open_video(path)] == [0, 2, 4, 6]
    else:  # frames are repeated
        assert levels(Video(path)) == 60 * [0] + 60 * [1] + 60 * [2] + [3]


def test_a_camera_that_is_not_there(camera):
    with pytest.raises(ValueError, match="number of a camera that answers, got 7"):
        Camera(7)


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
        writer.write(Fraction(0), grey(0))
    path = tmp_path / f"v{suffix}"
    path.write_text(PLAYLISTS[kind].format("secret.mp4"))
    for read in (Video, open_video):
        with pytest.raises(ValueError, match="must be a readable video"):
            read(path)


@pytest.mark.parametrize("content", [b"text", b"\x00\x00\x00\x18ftypmp42" + bytes(40)])
@pytest.mark.parametrize("with_av", [True, False])
def test_what_is_no_video(tmp_path, monkeypatch, content, with_av):
    if not with_av:
        monkeypatch.setattr(video, "av", None)
    (tmp_path / "v.mp4").write_bytes(content)
    with pytest.raises(ValueError, match=r"must be a readable video, got .*v\.mp4; convert"):
        open_video(tmp_path / "v.mp4")
    with pytest.raises(ValueError, match=r"got no file .*absent\.mp4"):
        open_video(tmp_path / "absent.mp4")


@pytest.mark.parametrize("turned", [(0, 1, -1, 0), (0, -1, 1, 0), (-1, 0, 0, -1)])
def test_films_of_a_telephone_stand_upright_as_opencv_shows_them(tmp_path, turned):
    path = film(tmp_path / "v.mp4", corner=200)
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40  # after the version, times, layer and volume
    identity = b"".join(x.to_bytes(4, "big", signed=True) for x in (1 << 16, 0, 0, 0, 1 << 16))
    assert content[matrix : matrix + 20] == identity
    a, b, c, d = (x * (1 << 16) for x in turned)
    turn = b"".join(x.to_bytes(4, "big", signed=True) for x in (a, b, 0, c, d))
    content[matrix : matrix + 20] = turn
    path.write_bytes(content)
    shown = [next(iter(source))[1] for source in (open_video(path), Video(path))]
    assert shown[0].shape == shown[1].shape == ((48, 64, 3) if a else (64, 48, 3))
    assert np.abs(shown[0].astype(int) - shown[1]).max() < 8


def test_what_is_damaged_is_left_out_and_counted(tmp_path):
    av = pytest.importorskip("av")
    path, rng = tmp_path / "v.mkv", np.random.default_rng(0)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(12):
            noise = rng.integers(0, 256, (48, 64, 3), np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="bgr24")))
        out.mux(stream.encode())
    whole = open_video(path)
    assert (len(list(whole)), whole.damaged) == (12, 0)
    content = bytearray(path.read_bytes())
    begin = content.index(b"\x00\x00\x01\xb6", len(content) // 2)  # a picture in the middle
    content[begin : begin + 40] = bytes(40)
    path.write_bytes(content)
    source = open_video(path)
    assert len(list(source)) == 11
    assert source.damaged == 1


def test_a_header_alone_is_no_video(tmp_path):
    av = pytest.importorskip("av")
    path = tmp_path / "v.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        out.start_encoding()
    with pytest.raises(ValueError, match="must be a readable video"):
        open_video(path)


def test_a_film_cut_short_says_so(tmp_path):
    path = film(tmp_path / "v.mp4")
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(
        ValueError, match=r"must be a whole video, got .*v\.mp4, which is cut short"
    ):
        open_video(path)


def test_a_film_by_any_name_is_read(tmp_path):
    for name in ("noext", "v.3gp", "v.jpg"):
        path = film(tmp_path / "v.mp4").rename(tmp_path / name)
        assert levels(open_video(path)) == list(range(6))


def test_a_film_is_read_as_what_it_is_alone(tmp_path):
    av = pytest.importorskip("av")
    path = tmp_path / "v.flv"
    path.write_bytes(b"FLV\1\5\0\0\0\x09" + b"\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n")
    with pytest.raises(ValueError, match="must be a readable video"):
        open_video(path)
    assert av.open(str(film(tmp_path / "w.mp4")), format="mov").format.name.startswith("mov")


def test_a_transport_stream_needs_pyav(tmp_path, monkeypatch):
    (tmp_path / "v.ts").write_bytes((b"\x47" + bytes(187)) * 4)
    monkeypatch.setattr(video, "av", None)
    with pytest.raises(ValueError, match=r"PyAV must be installed for .*v\.ts: pip install"):
        open_video(tmp_path / "v.ts")


@pytest.mark.parametrize("turned", [False, True])
def test_pixels_that_are_not_square_stay_so(tmp_path, turned):
    av = pytest.importorskip("av")
    path = tmp_path / "v.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(2)
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(grey(80), format="bgr24")))
        out.mux(stream.encode())
    if turned:
        content = bytearray(path.read_bytes())
        matrix = content.index(b"tkhd") + 4 + 40
        turn = (x.to_bytes(4, "big", signed=True) for x in (0, 1 << 16, 0, -(1 << 16), 0))
        content[matrix : matrix + 20] = b"".join(turn)
        path.write_bytes(content)
    with av.open(str(copy(open_video(path), tmp_path / "again.mp4"))) as again:
        assert again.streams.video[0].sample_aspect_ratio == (Fraction(1, 2) if turned else 2)
