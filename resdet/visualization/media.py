"""Images and videos, one frame in memory at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
_MP4_BEGINS = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")  # first boxes
VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v")


def image_files(source: Path) -> list[Path]:
    """The image itself, or the images of a folder by name.

    Raises: ValueError if there is none.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise ValueError(f"input must be an image, a folder or a video, got no file {source}")
    files = sorted(path for path in source.iterdir() if path.suffix.lower() in IMAGES)
    if not files:
        raise ValueError(f"input must hold images ({' '.join(IMAGES)}), got none in {source}")
    return files


def check_output(output: Path, source: Path, files: Sequence[Path]) -> None:
    """Find out before the work whether the pictures of `files` could be written to `output`.

    Raises: ValueError if it is the folder of the input; OSError if it is no folder to write in,
    or OpenCV writes no such files.
    """
    if output.resolve() == (source if source.is_dir() else source.parent).resolve():
        raise ValueError(f"output must be another folder than the input's, got {output}")
    there = next(path for path in (output, *output.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise OSError(f"output must be a folder to write in, or new in one, got {output}")
    wrong = [path for path in files if not cv2.haveImageWriter(path.name)]
    if wrong:
        raise OSError(f"image must be of a kind that OpenCV writes, got {wrong[0]}; convert it")


def write_image(path: Path, image: Image) -> None:
    """Write by the suffix of the name.

    Raises: OSError if the suffix or the place cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        written = cv2.imwrite(str(path), image)
    except cv2.error:
        written = False
    if not written:
        raise OSError(f"picture must be writable, got {path}; check its suffix and its folder")


def _is_video(path: Path) -> bool:
    """Whether a file begins as those of VIDEOS do, whatever its name.

    FFmpeg goes by content too: a playlist would be followed to any file or host that it names.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(12)
    except OSError:
        return False
    matroska, avi = head[:4] == b"\x1aE\xdf\xa3", head[:4] == b"RIFF" and head[8:] == b"AVI "
    return matroska or avi or head[4:8] in _MP4_BEGINS


class Video:
    """The frames of a file, read once; `frames_per_second` and `num_frames` as its header says.

    Raises: ValueError if the file is no readable video.
    """

    def __init__(self, path: Path) -> None:
        self._capture = cv2.VideoCapture()
        if not (_is_video(path) and self._capture.open(str(path))):
            raise ValueError(f"input must be a readable video, got {path}; convert it to mp4")
        self.frames_per_second = float(self._capture.get(cv2.CAP_PROP_FPS)) or 25.0
        self.num_frames = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))

    def __iter__(self) -> Iterator[Image]:
        while True:
            there, frame = self._capture.read()
            if not there:
                self._capture.release()
                return
            yield np.asarray(frame, np.uint8)


class VideoWriter:
    """An mp4 at a frame rate; the first frame gives the size, and none leaves no file.

    Raises: OSError on the first frame if the file cannot be written.
    """

    def __init__(self, path: Path, frames_per_second: float) -> None:
        self._path, self._rate = path, frames_per_second
        self._writer: cv2.VideoWriter | None = None

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.release()

    def write(self, frame: Image) -> None:
        """Append a frame, of the size of the first."""
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            size = (frame.shape[1], frame.shape[0])
            code = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._path), code, self._rate, size)
            if not self._writer.isOpened():
                raise OSError(f"video must be writable, got {self._path}")
        self._writer.write(frame)
