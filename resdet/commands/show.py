"""What a detector finds in images, videos and what a camera sees, drawn and written."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from backbones.images.decoding import read_image
from backbones.images.encoding import write_image
from backbones.images.folders import DRAWN
from backbones.terminal.progress import tracked
from backbones.terminal.wording import count, nearest_first
from resdet.detector.pipeline import ahead, behind
from resdet.structures.classes import usual_ids
from resdet.structures.records import Dataset, Detections, ImageId
from resdet.visualization import video
from resdet.visualization.draw import Tags, draw_detections
from resdet.visualization.drawn import Drawn
from resdet.visualization.films import VIDEOS, film_kind
from resdet.visualization.judged import draw_judged
from resdet.visualization.lettering import Image
from resdet.visualization.media import check_output, drawn_name, image_files, names_file
from resdet.visualization.sheet import ContactSheet

if TYPE_CHECKING:
    from resdet.detector.detector import Detector

Named = tuple[ImageId, Image]
Draw = Callable[[Image, Detections], Image]
Name = Callable[[int], tuple[ImageId, str]]  # place -> id and file
Given = Dataset | video.Source | list[Path]
Target = Callable[[Path], Path | None]


def inputs_of(given: Sequence[str]) -> video.Source | list[Path]:
    """The number of a camera, a video, or images and folders of them.

    Raises: ValueError if there is no such thing, or two images have one name.
    """
    if len(given) == 1 and given[0].isdigit() and not Path(given[0]).exists():
        return video.Camera(int(given[0]))
    paths = [Path(one) for one in given]
    films = [p for p in paths if _is_film(p)]
    if films and len(paths) > 1:
        raise ValueError(f"input must be one video or any number of images, got {films[0]} of both")
    if films:
        return video.open_video(films[0])
    files = [file for path in paths for file in image_files(path)]
    first: dict[str, Path] = {}
    for file in files:
        other = first.setdefault(drawn_name(file), file)
        if other is not file:
            raise ValueError(
                f"images must have different names, got {other} and {file}; "
                "draw one folder at a time"
            )
    return files


def _is_film(path: Path) -> bool:
    named = path.suffix.lower() in VIDEOS and not path.is_dir()
    return named or (path.is_file() and bool(film_kind(path)))


def check_outputs(
    output: Path | None, sheet: Path | None, given: Given, inputs: Sequence[str] | None
) -> None:
    """Find out before the work whether pictures of these kinds can be written, and over no input.

    Raises: ValueError for a file of several, another kind than the film, or a place where an
        input lies; OSError for a contact sheet that is no picture.
    """
    if sheet and not cv2.haveImageWriter(sheet.name):
        raise OSError(f"contact sheet must be a picture ({' '.join(DRAWN)}), got {sheet}")
    if output is None:
        return
    files = _read(given, inputs)
    if not names_file(output):
        check_output(output, files, map(target_of(output, given), files))
        return
    suffixes = DRAWN if isinstance(given, list) else VIDEOS
    several = len(files) > 1 or isinstance(given, Dataset)
    if several or output.suffix.lower() not in suffixes:
        raise ValueError(f"output must be a folder for what is drawn here, got the file {output}")
    if not isinstance(given, (list, Dataset)) and output.suffix.lower() != given.suffix:
        raise ValueError(f"output must be a {given.suffix} file for this video, got {output}")


def _read(given: Given, inputs: Sequence[str] | None) -> list[Path]:
    """The files that pictures come from; none of a camera."""
    if isinstance(given, list):
        return given
    if isinstance(given, Dataset):
        return [record.path for record in given.records]
    return [Path(one) for one in inputs or () if Path(one).exists()]


def counted(class_names: tuple[str, ...], given: Given, *, kept: bool) -> Drawn:
    """What counts boxes: under the ids of the data where it has each class."""
    known: dict[str, int] = {}
    if isinstance(given, Dataset):
        known = dict(zip(given.class_names, given.category_ids))
    whole = known.keys() >= set(class_names)
    ids = tuple(known[name] for name in class_names) if whole else usual_ids(class_names)
    return Drawn(class_names, ids, kept)


def target_of(output: Path | None, given: Given) -> Target:
    """Where each picture goes; names are kept, and those of a dataset are .jpg."""
    if output is None:
        return lambda path: None
    if names_file(output):
        return lambda path: output
    if isinstance(given, list):
        return lambda path: output / drawn_name(path)
    if not isinstance(given, Dataset):
        camera = "camera" if isinstance(given, video.Camera) else ""
        return lambda path: output / f"{camera}{path.stem}.mp4"
    stems = Counter(record.path.stem for record in given.records)
    numbers = {record.path: number for number, record in enumerate(given.records)}

    def numbered(path: Path) -> Path:
        same = stems[path.stem] > 1  # in folders of their own
        return output / f"{path.stem}{f'_{numbers[path]:06}' if same else ''}.jpg"

    return numbered


@dataclass(frozen=True)
class Shown:
    """What of the detections is drawn: the `top` of an image (0: all), of some classes, surely."""

    threshold: float = 0.5
    top: int = 0
    classes: tuple[str, ...] = ()
    tags: Tags = "all"

    def check(self, class_names: Sequence[str]) -> None:
        """Raises: ValueError for a class that the detector does not know."""
        for name in self.classes:
            if name not in class_names:
                near = ", ".join(nearest_first(name, class_names)[:5])
                raise ValueError(f"class must be one of the detector's ({near}, ...), got {name!r}")

    def of(self, found: Detections, class_names: Sequence[str]) -> Detections:
        """Those to draw, the surest first."""
        keep = found.scores >= self.threshold
        if self.classes:
            keep &= np.isin(found.labels, [class_names.index(name) for name in self.classes])
        rows = np.flatnonzero(keep)
        rows = rows[np.argsort(-found.scores[rows], kind="stable")]
        rows = rows[: self.top] if self.top else rows
        columns = (found.boxes[rows], found.labels[rows], found.scores[rows])
        return Detections(found.image_id, *columns)


@dataclass
class Show:
    """A detector, what of it is drawn, what counts that, and what takes a copy of every picture."""

    detector: Detector
    shown: Shown
    drawn: Drawn
    sheet: ContactSheet | None = None

    def images(self, files: Sequence[Path], target: Target) -> str:
        """Draw in each file and write it where `target` says, unless that is None.

        Raises: ValueError if none can be read.
        """
        unreadable = []

        def frames() -> Iterator[Named]:
            for number, path in enumerate(tracked(files, "drawing")):
                try:
                    image = read_image(path, "BGR")
                except ValueError as error:
                    unreadable.append(path)
                    print(f"warning: left out: {error}", file=sys.stderr)
                    continue
                yield number, image

        def write(number: ImageId, picture: Image) -> None:
            path = files[int(number)]
            self._keep(path.name, picture, target(path))

        def name(number: int) -> tuple[ImageId, str]:
            return files[number].stem, str(files[number])

        drawn = self._each(frames(), name, self._detections, write)
        if not drawn:
            raise ValueError(f"input must hold a readable image, got {len(unreadable)} unreadable")
        return f"drawn: {drawn}, unreadable: {len(unreadable)}"

    def beside_truth(self, dataset: Dataset, target: Target, most: int = 0) -> str:
        """Images of a dataset, ground truth to the left, detections judged to the right.

        Raises: ValueError if nothing is known of its objects, or its classes are others.
        """
        records = [r for r in dataset.records if r.ground_truth is not None]
        if not records:
            raise ValueError(
                f"{dataset.name} must have ground truth, got none; give --input for images alone"
            )
        if most and len(records) > most:  # spread over the whole
            records = [records[i * len(records) // most] for i in range(most)]
        totals: dict[str, int] = {}
        names = self.detector.class_names
        labels = _labels(dataset, names)

        def draw(image: Image, shown: Detections) -> Image:
            record = records[int(shown.image_id)]
            assert record.ground_truth is not None
            truth = replace(record.ground_truth, labels=labels[record.ground_truth.labels])
            title = f"{record.path.name}, scores of at least {self.shown.threshold:g}"
            judged = draw_judged(image, truth, shown, names, title=title)
            for kind, number in judged.counts.items():
                totals[kind] = totals.get(kind, 0) + number
            return judged.picture

        def write(number: ImageId, picture: Image) -> None:
            path = records[int(number)].path
            self._keep(path.name, picture, target(path))

        def name(number: int) -> tuple[ImageId, str]:
            return records[number].image_id, str(records[number].path)

        frames = ((i, read_image(r.path, "BGR")) for i, r in enumerate(tracked(records, "drawing")))
        drawn = self._each(frames, name, draw, write)
        told = ", ".join(f"{kind} {number}" for kind, number in totals.items())
        told = told or "no objects and no detections"
        return f"drawn: {drawn} of {len(dataset)}; at IoU 0.5, {told}"

    def video(
        self,
        source: video.Source,
        title: str,
        target: Path | None,
        most: int = 0,
        seconds: float = 0,
    ) -> str:
        """Every frame, or the first; a camera until then or until it is interrupted.

        What is drawn is listed under `title` and the number of the frame, from 0 on.

        Raises: ValueError if there is none.
        """
        camera = isinstance(source, video.Camera)
        times: deque[Fraction] = deque()
        total = min(most or source.num_frames, source.num_frames or most)

        def frames() -> Iterator[Named]:
            stamped = tracked(islice(source, most or None), "drawing", total or None)
            for number, (at, image) in enumerate(stamped):
                if seconds and at >= seconds:
                    return
                times.append(at)
                yield number, image

        drawn = 0
        target = target and target.with_suffix(source.suffix)
        with contextlib.ExitStack() as stack:
            writer = stack.enter_context(source.writer(target)) if target else None

            def write(number: ImageId, picture: Image) -> None:
                nonlocal drawn
                at = times.popleft()
                self._keep(f"{float(at):.2f} s", picture, None)
                if writer:
                    writer.write(at, picture)
                drawn += 1

            def name(number: int) -> tuple[ImageId, str]:
                return number, f"{title}#{number}"

            with _stopping() if camera else contextlib.nullcontext():
                self._each(frames(), name, self._detections, write, live=camera)
        if not drawn:
            raise ValueError("input must hold a readable frame, got none")
        pace = "at the times they were filmed" if camera else f"{float(source.rate):.5g} a second"
        damaged = f", {source.damaged} damaged left out" if source.damaged else ""
        return (
            f"drawn: {count(drawn, 'frame')}, {pace}{damaged}{f', in {target}' if target else ''}"
        )

    def _keep(self, name: str, picture: Image, path: Path | None) -> None:
        if self.sheet is not None:
            self.sheet.add(name, picture)
        if path is not None:
            write_image(path, picture)

    def _detections(self, image: Image, shown: Detections) -> Image:
        columns = shown.boxes, shown.labels, shown.scores, self.detector.class_names
        return draw_detections(image, *columns, tags=self.shown.tags)

    def _each(
        self,
        frames: Iterable[Named],
        name: Name,
        draw: Draw,
        write: Callable[[ImageId, Image], None],
        *,
        live: bool = False,
    ) -> int:
        """Read ahead, detect, draw and write behind; few images are in memory."""
        held: deque[Named] = deque()

        def passed_on() -> Iterator[Named]:
            with contextlib.closing(ahead(frames)) as read:  # type: ignore[type-var]
                for number, image in read:
                    held.append((number, image))
                    _, where = name(int(number))  # which is told of one that fails
                    yield where, image

        def draw_and_write(found: Detections) -> None:
            number, image = held.popleft()
            found = replace(found, image_id=number)
            shown = self.shown.of(found, self.detector.class_names)
            self.drawn.take(*name(int(number)), found, shown)
            write(number, draw(image, shown))

        done = behind(draw_and_write, self.detector.predict_named(passed_on(), live=live))
        with contextlib.closing(done):  # type: ignore[type-var]
            return sum(1 for _ in done)


def _labels(dataset: Dataset, names: Sequence[str]) -> NDArray[np.int64]:
    """The detector's label of each class of the data."""
    unknown = [name for name in dataset.class_names if name not in names]
    if unknown:
        raise ValueError(
            f"classes of {dataset.name} must be the detector's ({', '.join(names)}), "
            f"got {', '.join(unknown)}; give data with the same classes"
        )
    return np.array([names.index(name) for name in dataset.class_names], np.int64)


@contextlib.contextmanager
def _stopping() -> Iterator[None]:
    """Ctrl-C and SIGTERM end a recording: what there is stays."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        print("stopped")
    finally:
        signal.signal(signal.SIGTERM, before)
