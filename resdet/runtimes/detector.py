"""A detector whose graph a runtime runs. Imports no torch."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from backbones.images.decoding import Image
from backbones.machine.exhaustion import OutOfMemory, first_line, is_exhaustion
from backbones.machine.hardware import threads
from resdet.data.reading import read_record
from resdet.detector.detector import MOST_LANES, Detector, RunBatch
from resdet.detector.pipeline import ahead
from resdet.runtimes.about import About
from resdet.runtimes.program import Found, Run, Share, alike
from resdet.structures import boxes as box_ops
from resdet.structures.records import (
    Detections,
    Float32Array,
    ImageId,
    ImageRecord,
    Int64Array,
)

_CURE = "set OMP_NUM_THREADS=1: one image at a time, or export for a smaller INPUT.MIN_SIZE_TEST"


class Seen(NamedTuple):
    """An image as the graph takes it, and its own size. Shape: image (H, W, 3) uint8, RGB."""

    image_id: ImageId
    image: Image
    height: int
    width: int

    def __str__(self) -> str:
        return f"{self.image_id} ({self.width}x{self.height})"

    def own(self, boxes: Float32Array, labels: Int64Array, scores: Float32Array) -> Detections:
        """What the graph tells of it, in its own pixels."""
        scale = [self.width / self.image.shape[1], self.height / self.image.shape[0]] * 2
        boxes = box_ops.clip(boxes * np.array(scale, np.float32), self.height, self.width)
        return Detections(self.image_id, boxes, labels, scores)


Check = Callable[[Seen, Detections], bool]  # of what was found; whether it wants more of them


class ExportedDetector(Detector):
    """A graph that `runtime` runs, with the classes and the resizing that its file tells.

    `start` and `share` are those of `Program`, as is `axis`, the number of images that it takes at
    once; `batch` is that number where it may be any (0). `check` looks at what is found in the
    first images.
    """

    def __init__(
        self,
        start: Callable[[int], Run],
        about: About,
        runtime: str,
        check: Check | None = None,
        axis: int | None = None,
        batch: int = 1,
        share: Share = alike,
    ) -> None:
        super().__init__(about.class_names, runtime, axis or batch)
        self._started = functools.cache(start)
        self._one = threading.Lock()  # for what threads must not do at once
        self._transform = about.transform
        self._check = check
        self._axis = axis
        self._share = share

    def _told(self) -> str:
        return f"runtime {self.ran_by}"

    def read(self, records: Sequence[ImageRecord]) -> Iterator[Seen]:
        """Ahead, by a thread."""
        return ahead(self.sample(r.image_id, read_record(r)) for r in records)

    def sample(self, image_id: ImageId, image: Image) -> Seen:
        """Resized, unless the graph does that."""
        height, width = image.shape[:2]
        if self._transform is not None:
            none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
            image = self._transform(image, *none)[0]
        return Seen(image_id, np.ascontiguousarray(image), height, width)

    def kind(self, sample: Seen) -> Hashable:
        """Of one size."""
        return sample.image.shape

    @property
    def lanes(self) -> int:
        """A core has more to do with an image of its own than with a share of one."""
        return min(threads(), MOST_LANES)

    def divided(self, lanes: int) -> RunBatch:
        """The runtime's threads are shared out."""
        return functools.partial(self.run_batch, lanes=lanes)

    def share(self, lanes: int) -> Callable[[], None] | None:
        """The program's."""
        return self._share(lanes)

    def run_batch(self, batch: Sequence[Seen], lanes: int = 1) -> list[Detections]:
        """Detections of images of one size; a graph for more than they are sees the last again.

        Raises: ValueError if the runtime cannot run one; what the check of the first ones raises.
        """
        with self._one:
            run = self._started(lanes)
        if self._axis is None:
            return [self._told_of(seen, self._try(run, seen.image, [seen])) for seen in batch]
        images = [seen.image for seen in batch]
        images += images[-1:] * (self._axis - len(images))
        found = self._try(run, np.stack(images), batch)
        return [self._told_of(seen, found.of(at)) for at, seen in enumerate(batch)]

    def _told_of(self, seen: Seen, found: Found) -> Detections:
        boxes, labels, scores, _ = found
        named = len(self.class_names)
        if len(labels) and not 0 <= labels.min() <= labels.max() < named:
            raise ValueError(
                f"class_names must be those of the graph, got {named} names and label "
                f"{labels.max()} on {seen}; put the file's own JSON beside it"
            )
        own = seen.own(boxes, labels, scores)
        with self._one:
            if self._check is not None and not self._check(seen, own):
                self._check = None
        return own

    def _try(self, run: Run, images: Image, batch: Sequence[Seen]) -> Found:
        try:
            return run(images)
        except Exception as error:  # runtimes raise anything
            told = ", ".join(map(str, batch))
            if is_exhaustion(error):
                raise OutOfMemory(told, first_line(error), _CURE) from None
            raise ValueError(
                f"image must be one that the graph can run in {self.ran_by}, got {told} "
                f"({first_line(error)}); give an image of another size, or run the checkpoint by "
                "--runtime torch"
            ) from error
