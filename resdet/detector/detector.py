"""What finds objects in images, whatever runs its network. Imports no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast, overload

import cv2

from backbones.images.decoding import ChannelOrder
from backbones.images.given import ImageLike, as_list, each_rgb
from backbones.terminal.wording import count
from resdet.data.transforms import Image
from resdet.detector.extras.asked import Extras
from resdet.detector.pipeline import UntilFault, ahead, behind
from resdet.detector.result import Result
from resdet.structures.records import Detections, ImageId, ImageRecord

MOST_LANES = 4  # each needs the memory of a batch
_WINDOW = 4  # batches at most between the image read and the image answered
Sample = Any  # an image as a kind of detector runs it
RunBatch = Callable[[Sequence[Sample]], list[Detections]]


class Detector(ABC):
    """A trained detector: images in, detections in their own pixels out.

    `ran_by` names the engine or the runtime, `batch` how many images are run at once, `extras`
    what a test of its own looks for.
    """

    def __init__(
        self, class_names: Sequence[str], ran_by: str, batch: int = 1, extras: Extras | None = None
    ) -> None:
        self.class_names = tuple(class_names)
        self.ran_by = ran_by
        self.batch = batch
        self.extras = extras or Extras()

    @abstractmethod
    def sample(self, image_id: ImageId, image: Image) -> Sample:
        """What is run of an image. Shape: (H, W, 3) uint8, RGB."""

    @abstractmethod
    def read(self, records: Sequence[ImageRecord]) -> Iterator[Sample]:
        """The samples of images on disk, in their order."""

    @abstractmethod
    def run_batch(self, batch: Sequence[Sample]) -> list[Detections]:
        """Detections of samples of one kind, in one pass."""

    def kind(self, sample: Sample) -> Hashable:
        """Samples of one kind can be run at once."""
        return ()

    @property
    def lanes(self) -> int:
        """How many batches it runs at once where it need not wait for images."""
        return 1

    def divided(self, lanes: int) -> RunBatch:
        """What runs a batch where `lanes` threads do so at once."""
        return self.run_batch

    def share(self, lanes: int) -> Callable[[], None] | None:
        """What each of `lanes` threads does before it runs batches."""
        return None

    def __repr__(self) -> str:
        names = ", ".join(self.class_names[:3]) + (", ..." if len(self.class_names) > 3 else "")
        many = f"{count(len(self.class_names), 'class', 'classes')} ({names})"
        return f"Detector({many}, {self._told()})"

    @abstractmethod
    def _told(self) -> str:
        """How it runs."""

    @overload  # a path is a sequence of paths to mypy
    def __call__(  # type: ignore[overload-overlap]
        self, images: ImageLike, *, channel_order: ChannelOrder | None = ...
    ) -> Result: ...
    @overload
    def __call__(
        self, images: Sequence[ImageLike], *, channel_order: ChannelOrder | None = ...
    ) -> list[Result]: ...
    def __call__(
        self, images: ImageLike | Sequence[ImageLike], *, channel_order: ChannelOrder | None = None
    ) -> Result | list[Result]:
        """What is in an image, or in each of a list, in the pixels of the image as it was given.

        An image is a path, a PIL image, a NumPy array (H, W, 3) or (H, W) uint8, or a tensor
        (3, H, W) uint8 or float in [0, 1]. For arrays and tensors with channels, `channel_order`
        says which comes first: "BGR" of cv2, "RGB" of nearly all others. Paths and PIL images are
        turned as their EXIF says.
        Raises: ValueError, FileNotFoundError: see `backbones.images.given`.
        """
        given, many = as_list(images)
        ids = [str(x) if isinstance(x, (str, Path)) else i for i, x in enumerate(given)]
        readers = each_rgb(given, channel_order, many)
        sizes: list[tuple[int, int]] = []

        def samples() -> Iterator[Sample]:
            for image_id, read in zip(ids, readers):
                image = read()
                sizes.append(image.shape[:2])
                yield self.sample(image_id, image)

        lanes = self.lanes if len(given) > 1 else 1
        found = self.run(ahead(samples()) if many else samples(), lanes)
        results = [
            Result(f.image_id, f.boxes, f.labels, f.scores, self.class_names, *sizes[at])
            for at, f in enumerate(found)
        ]
        return results if many else results[0]

    predict = __call__  # as other libraries call it

    def predict_named(
        self, images: Iterable[tuple[ImageId, Image]], *, live: bool = False
    ) -> Iterator[Detections]:
        """Detections of each (id, image) in turn; few are kept, so a video may be endless.

        `live`: of a batch of 1, an image is asked for when its detections are, and not before.
        Shape: image (H, W, 3) uint8, BGR as OpenCV reads it.
        """
        rgb = ((name, cast(Image, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))) for name, bgr in images)
        return self.run((self.sample(*named) for named in rgb), 1 if live else self.lanes)

    def predict_records(self, records: Sequence[ImageRecord]) -> Iterator[Detections]:
        """Detections of each image on disk, in the order of `records`; files are read ahead."""
        return self.run(self.read(records), self.lanes)

    def run(self, samples: Iterable[Sample], lanes: int = 1) -> Iterator[Detections]:
        """Detections of each in turn; those of one kind are run together, at most `batch`.

        `lanes` batches at once, by threads; one of them by the thread that asks.
        """
        found: dict[int, Detections] = {}
        given = 0
        for answer in self._answers(self._batches(samples), lanes):
            found.update(answer)
            while given in found:
                yield found.pop(given)
                given += 1

    def _answers(
        self, batches: Iterable[dict[int, Sample]], lanes: int
    ) -> Iterator[dict[int, Detections]]:
        run_batch = self.divided(lanes) if lanes > 1 else self.run_batch

        def answer(batch: dict[int, Sample]) -> dict[int, Detections]:
            return dict(zip(batch, run_batch(list(batch.values()))))

        if lanes == 1:
            return map(answer, batches)
        return behind(answer, batches, lanes, lanes, self.share(lanes))

    def _batches(self, samples: Iterable[Sample]) -> Iterator[dict[int, Sample]]:
        """Samples of one kind by their places; none waits for more than `_WINDOW` batches.

        Raises: what making a sample raises, after those before it.
        """
        window = _WINDOW * self.batch if self.batch > 1 else 1
        waiting: dict[Hashable, dict[int, Sample]] = {}  # by the first of each
        sound = UntilFault(samples)
        for place, sample in enumerate(sound):
            kind = self.kind(sample)
            batch = waiting.setdefault(kind, {})
            batch[place] = sample
            if len(batch) == self.batch:
                yield waiting.pop(kind)
            oldest = next(iter(waiting), None)
            if oldest is not None and place - min(waiting[oldest]) + 1 >= window:
                yield waiting.pop(oldest)
        yield from waiting.values()
        sound.check()
