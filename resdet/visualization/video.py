"""Videos in and out, one frame in memory at a time: by PyAV where it is installed, else OpenCV.

PyAV (`pip install 'resdet[video]'`) keeps the time of every frame and copies the sound; OpenCV
knows one rate, of few digits, and no sound.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from backbones.files.atomic import atomic_path, cannot_write
from resdet.visualization.films import TRANSPORT, film_kind, lacks_index
from resdet.visualization.lettering import Image

try:
    import av
except ImportError:  # the extra `video`
    av = None  # type: ignore[assignment]
_Refused: tuple[type[Exception], ...] = (OSError, ValueError)
if av is not None:
    _Refused += (av.error.FFmpegError,)

WITHOUT_AV = (
    "without PyAV sound and the shape of pixels are left out and rates are rounded: "
    "pip install 'resdet[video]'"
)
_MP4_SOUNDS = ("aac", "alac", "ac3", "eac3", "flac", "mp2", "mp3", "opus")  # others go to mkv
_RATE = Fraction(25)  # of a video that tells none

Stamped = tuple[Fraction, Image]  # seconds since its beginning, BGR


class Source(Protocol):
    """Frames in turn, read once; `num_frames` is 0 where nobody knows.

    `suffix` is that of a file that holds what its `writer` writes; `damaged` counts what could
    not be decoded of what has been read.
    """

    rate: Fraction
    num_frames: int
    suffix: str
    damaged: int

    def __iter__(self) -> Iterator[Stamped]: ...

    def writer(self, path: Path) -> Writer:
        """What writes a copy of this video, of other pictures."""


class Writer(Protocol):
    """A video file; the first frame gives the size, and none leaves no file.

    It is there when all is written: what ends with an error leaves what stood there before.

    Raises: WriteError where the disk does not take it.
    """

    def __enter__(self) -> Writer: ...

    def __exit__(self, *reason: Any) -> None: ...

    def write(self, seconds: Fraction, picture: Image) -> None:
        """The next frame, shown from so many seconds on."""


def open_video(path: Path) -> Source:
    """The frames of a file.

    Raises: ValueError if the file is no readable video.
    """
    if not path.is_file():
        raise ValueError(f"input must be an image, a folder or a video, got no file {path}")
    kind = film_kind(path)
    if kind == "mov" and lacks_index(path):
        raise ValueError(
            f"input must be a whole video, got {path}, which is cut short: its index, which stands "
            "at the end, is missing; copy it again"
        )
    if kind == TRANSPORT and av is None:
        raise ValueError(f"PyAV must be installed for {path}: pip install 'resdet[video]'")
    try:
        if kind:
            return AvVideo(path, kind) if av is not None else Video(path)
    except _Refused:
        pass
    raise ValueError(f"input must be a readable video, got {path}; convert it to mp4") from None


class Video:
    """A file by OpenCV: frames at a constant rate, as its header says.

    Raises: ValueError if the file is no readable video.
    """

    suffix = ".mp4"
    damaged = 0  # OpenCV does not tell

    def __init__(self, path: Path) -> None:
        self._capture = cv2.VideoCapture()
        if not (film_kind(path) and self._capture.open(str(path))):
            raise ValueError(f"input must be a readable video, got {path}; convert it to mp4")
        self.rate = _rate(self._capture)
        self.num_frames = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))

    def __iter__(self) -> Iterator[Stamped]:
        for number, frame in enumerate(_frames(self._capture)):
            yield number / self.rate, frame

    def writer(self, path: Path) -> Writer:
        """At the same rate."""
        return VideoWriter(path, self.rate)


class Camera:
    """What a camera sees, until the caller stops; frames carry the time at which they came.

    Raises: ValueError if no such camera answers.
    """

    num_frames = 0
    suffix = ".mp4"
    damaged = 0

    def __init__(self, index: int) -> None:
        level = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(0)  # of each way in that fails it would tell
        try:
            self._capture = cv2.VideoCapture(index)
        finally:
            cv2.utils.logging.setLogLevel(level)
        if not self._capture.isOpened():
            raise ValueError(
                f"input must be the number of a camera that answers, got {index}; "
                "0 is the first, and another program may hold it"
            )
        self.rate = _rate(self._capture)

    def __iter__(self) -> Iterator[Stamped]:
        started: float | None = None
        for frame in _frames(self._capture):
            now = time.monotonic()
            started = now if started is None else started
            yield Fraction(round(1000 * (now - started)), 1000), frame

    def writer(self, path: Path) -> Writer:
        """In the time that passed: a slow detector makes few frames, not a fast film."""
        return VideoWriter(path, self.rate) if av is None else AvWriter(path, self.rate)


def _frames(capture: Any) -> Iterator[Image]:
    try:
        while True:
            there, frame = capture.read()
            if not there:
                return
            yield np.asarray(frame, np.uint8)
    finally:
        capture.release()


def _rate(capture: Any) -> Fraction:
    told = float(capture.get(cv2.CAP_PROP_FPS))
    if not 0 < told < 10_000:
        return _RATE
    exact = Fraction(told).limit_denominator(1001)  # 29.97002997 is 30000/1001
    return exact if abs(exact - Fraction(told)) < Fraction(1, 10_000) else Fraction(told)


class VideoWriter:
    """An mp4 by OpenCV at a constant rate: frames are repeated, or left out, to keep the time."""

    def __init__(self, path: Path, rate: Fraction | float) -> None:
        self._path, self._rate = path, Fraction(rate)
        self._written = 0
        self._writer: cv2.VideoWriter | None = None
        self._files = contextlib.ExitStack()

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, *reason: Any) -> None:
        if self._writer is None:
            return
        self._writer.release()
        if reason[0] is not None:
            self._files.__exit__(*reason)
            return
        with self._files:  # OpenCV does not tell of a full disk
            if film_kind(self._temporary) == "mov" and lacks_index(self._temporary):
                raise cannot_write(self._path, OSError(errno.EIO, "a film without its index"))

    def write(self, seconds: Fraction, picture: Image) -> None:
        """The next frame, shown from so many seconds on."""
        if self._writer is None:
            self._temporary = self._files.enter_context(atomic_path(self._path))
            self._size = (picture.shape[1], picture.shape[0])
            code, name = cv2.VideoWriter.fourcc(*"mp4v"), str(self._temporary)
            self._writer = cv2.VideoWriter(name, code, float(self._rate), self._size)
            if not self._writer.isOpened():
                raise OSError(f"video must be writable, got {self._path}")
            self._shown = picture
        while self._written < round(seconds * self._rate):
            self._append(self._shown)
        self._shown = _of_size(picture, self._size)
        if self._written == round(seconds * self._rate):
            self._append(self._shown)

    def _append(self, picture: Image) -> None:
        assert self._writer is not None
        self._writer.write(picture)
        self._written += 1


class AvVideo:
    """A file by PyAV: frames upright, each with its own time; `ended` once they have been read.

    `kind` is FFmpeg's name of what it is. `shape`: width to height of a pixel of an upright frame.
    """

    def __init__(self, path: Path, kind: str) -> None:
        self.path, self.kind, self.ended, self.damaged = path, kind, False, 0
        self.shape = Fraction(1)
        with self.opened() as container:
            stream = container.streams.video[0] if container.streams.video else None
            if stream is None or not stream.codec_context:
                raise ValueError(f"{path} must hold pictures")
            self.rate = Fraction(stream.average_rate or stream.guessed_rate or _RATE)
            self.time_base = Fraction(stream.time_base or 1 / self.rate)
            length = float((stream.duration or 0) * self.time_base)
            self.num_frames = stream.frames or round(length * float(self.rate))
            self.sounds = [sound.codec_context.name for sound in container.streams.audio]
        kept = all(name.startswith(_MP4_SOUNDS) for name in self.sounds)
        self.suffix = ".mp4" if kept else ".mkv"

    def opened(self) -> Any:
        """The file, read as the kind that it is and no other."""
        return av.open(str(self.path), format=self.kind)

    def __iter__(self) -> Iterator[Stamped]:
        seconds = -1 / self.rate
        with self.opened() as container:
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            shape = Fraction(stream.sample_aspect_ratio or 1)
            for frame in self._decoded(container.demux(stream)):
                told = (
                    None
                    if frame.pts is None
                    else frame.pts * Fraction(frame.time_base or self.time_base)
                )
                seconds = seconds + 1 / self.rate if told is None else told
                turns = _turns(frame)
                self.shape = 1 / shape if turns % 2 else shape
                upright = np.rot90(frame.to_ndarray(format="bgr24"), turns)
                yield seconds, np.ascontiguousarray(upright)
        self.ended = True

    def _decoded(self, packets: Iterator[Any]) -> Iterator[Any]:
        """Their frames, without damaged ones; what cannot be read on is at its end."""
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:
                self.damaged += 1
                return
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.damaged += 1
                continue
            yield from frames

    def writer(self, path: Path) -> Writer:
        """With the same times and the same sound."""
        return AvWriter(path, self.rate, self.time_base, self)


def _turns(frame: Any) -> int:
    """Quarter turns against the clock that make a frame upright."""
    return round(getattr(frame, "rotation", 0) / 90) % 4


class AvWriter:
    """H.264 by PyAV, each frame at its own time, the sound of the source copied as it is."""

    def __init__(
        self,
        path: Path,
        rate: Fraction,
        time_base: Fraction = Fraction(1, 1000),
        source: AvVideo | None = None,
    ) -> None:
        self._path, self._rate, self._time_base, self._source = path, rate, time_base, source
        self._out: Any = None
        self._sounds: list[Iterator[tuple[Fraction, Any]]] = []
        self._heads: list[tuple[Fraction, Any] | None] = []  # of each, the next packet
        self._last = -1  # in units of the time base
        self._files = contextlib.ExitStack()

    def __enter__(self) -> AvWriter:
        return self

    def __exit__(self, *reason: Any) -> None:
        if reason[0] is not None or self._out is None:
            self._files.__exit__(*reason)
            return
        with self._telling(), self._files:
            whole = self._source is not None and self._source.ended
            self._copy_sound(None if whole else self._last * self._time_base + 1 / self._rate)
            self._out.mux(self._stream.encode())
            self._out.close()

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """What FFmpeg says of a disk names no file."""
        try:
            yield
        except av.error.FFmpegError as error:
            raise cannot_write(self._path, error) from error

    def write(self, seconds: Fraction, picture: Image) -> None:
        """The next frame, shown from so many seconds on."""
        with self._telling():
            self._write(seconds, picture)

    def _write(self, seconds: Fraction, picture: Image) -> None:
        if self._out is None:
            self._open(picture)
        at = max(round(seconds / self._time_base), self._last + 1)
        self._last = at
        self._copy_sound(at * self._time_base)
        frame = av.VideoFrame.from_ndarray(_of_size(picture, self._size), format="bgr24")
        frame.pts, frame.time_base = at, self._time_base
        self._out.mux(self._stream.encode(frame))

    def _open(self, picture: Image) -> None:
        temporary = self._files.enter_context(atomic_path(self._path))
        self._out = self._files.enter_context(av.open(str(temporary), "w"))
        name = "libx264" if "libx264" in av.codecs_available else "mpeg4"
        self._stream = self._out.add_stream(name, rate=self._rate)
        height, width = picture.shape[:2]
        self._size = (width + width % 2, height + height % 2)  # colours are halved both ways
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuv420p"
        if self._source is not None and self._source.shape != 1:
            self._stream.codec_context.sample_aspect_ratio = self._source.shape
        if name == "libx264":
            self._stream.codec_context.time_base = self._time_base
            self._stream.options = {"crf": "20", "preset": "veryfast"}
        else:
            self._time_base = 1 / self._rate
        for number in range(len(self._source.sounds) if self._source else 0):
            assert self._source is not None
            container = self._files.enter_context(self._source.opened())
            stream = container.streams.audio[number]
            packets = _packets(container, stream, self._out.add_stream_from_template(stream))
            self._sounds.append(packets)
        self._heads = [next(sound, None) for sound in self._sounds]

    def _copy_sound(self, until: Fraction | None) -> None:
        """The packets that begin before; None: all."""
        for number, sound in enumerate(self._sounds):
            while (head := self._heads[number]) and (until is None or head[0] < until):
                self._out.mux(head[1])
                self._heads[number] = next(sound, None)


def _packets(container: Any, stream: Any, copy: Any) -> Iterator[tuple[Fraction, Any]]:
    """(when it begins, a packet for the stream `copy`) in turn."""
    for packet in container.demux(stream):
        if packet.dts is not None:
            begins = packet.dts * Fraction(packet.time_base)
            packet.stream = copy
            yield begins, packet


def _of_size(picture: Image, size: tuple[int, int]) -> Image:
    """Grown by a pixel of its border, or resized where it is of another size."""
    width, height = size
    more, below = width - picture.shape[1], height - picture.shape[0]
    if (more, below) == (0, 0):
        return picture
    if more in (0, 1) and below in (0, 1):
        grown = cv2.copyMakeBorder(picture, 0, below, 0, more, cv2.BORDER_REPLICATE)
        return np.asarray(grown, np.uint8)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
