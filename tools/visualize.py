"""Draws what a detector finds in an image, the images of a folder, or a video.

examples:
  resdet visualize --checkpoint model_final.pth --input photos/ --output drawn/
"""

from __future__ import annotations

import argparse
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resdet.visualization.media import Image

Named = tuple["str | int", "Image"]
Write = Callable[["str | int", "Image"], None]


def arguments() -> argparse.ArgumentParser:
    from backbones.cli import Parser, add_device, share
    from resdet.arguments import add_engine, add_speed

    parser = Parser(__doc__)
    add = parser.add_argument
    add("--checkpoint", type=Path, required=True, metavar="FILE", help="the detector")
    add("--input", type=Path, required=True, metavar="PATH", help="image, folder or video")
    add("--output", type=Path, required=True, metavar="DIR", help="folder; names are kept")
    add("--threshold", type=share, default=0.5, help="least score drawn [0.5]")
    add_engine(parser)
    add_device(parser)
    add_speed(parser)
    return parser


def main(argv: Sequence[str]) -> None:
    args = arguments().parse_args(argv)

    from resdet.visualization.media import VIDEOS, check_output, image_files

    is_video = args.input.suffix.lower() in VIDEOS
    files = [] if is_video else image_files(args.input)
    check_output(args.output, args.input, files)

    from resdet.arguments import speed
    from resdet.engines import load_detector

    device, fast = args.device, speed(args)
    detector = load_detector(args.checkpoint, engine=args.engine, device=device, speed=fast)
    if is_video:
        _video(detector, args.input, args.output, args.threshold)
    else:
        _images(detector, files, args.output, args.threshold)


def _images(detector: Any, files: Sequence[Path], output: Path, threshold: float) -> None:
    from rich.progress import track

    from resdet.data.image import read_image
    from resdet.visualization.media import write_image

    unreadable = []

    def frames() -> Iterator[Named]:
        for path in track(files, "drawing", disable=len(files) == 1):
            try:
                image = read_image(path)
            except ValueError as error:
                unreadable.append(path)
                print(f"warning: left out: {error}", file=sys.stderr)
                continue
            yield path.name, image

    drawn = _draw(detector, frames(), threshold, lambda n, p: write_image(output / str(n), p))
    if not drawn:
        raise ValueError(f"input must hold a readable image, got {len(unreadable)} unreadable")
    print(f"drawn: {drawn}, unreadable: {len(unreadable)}, in {output}")


def _video(detector: Any, source: Path, output: Path, threshold: float) -> None:
    from rich.progress import track

    from resdet.visualization.media import Video, VideoWriter

    video, target = Video(source), output / f"{source.stem}.mp4"
    frames = track(enumerate(video), "drawing", total=video.num_frames or None)
    with VideoWriter(target, video.frames_per_second) as writer:
        drawn = _draw(detector, frames, threshold, lambda _, picture: writer.write(picture))
    if not drawn:
        raise ValueError(f"input must hold a readable frame, got none in {source}")
    print(f"drawn: {drawn} frames at {video.frames_per_second:g} a second, in {target}")


def _draw(detector: Any, frames: Iterable[Named], threshold: float, write: Write) -> int:
    """Read ahead, detect, draw and write behind; few images are in memory."""
    from resdet.pipeline import ahead, behind
    from resdet.visualization.draw import draw_detections

    held: deque[Named] = deque()

    def passed_on() -> Iterator[Named]:
        for frame in ahead(frames):
            held.append(frame)
            yield frame

    def draw_and_write(found: Any) -> None:
        name, image = held.popleft()
        columns = (found.boxes, found.labels, found.scores)
        write(name, draw_detections(image, *columns, detector.class_names, threshold))

    return sum(1 for _ in behind(draw_and_write, detector.predict(passed_on())))


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
