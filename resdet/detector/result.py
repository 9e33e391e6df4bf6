"""What a detector says of one image, for programs: names, scores, boxes, and other tools' forms."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from resdet.structures.records import BoolArray, Detections, ImageId

if TYPE_CHECKING:
    import pandas
    import PIL.Image
    import supervision

    from backbones.images.decoding import ChannelOrder
    from backbones.images.given import ImageLike

SHOWN = 5  # objects in a repr


class Detection(NamedTuple):
    """One object. Unit: box (x1, y1, x2, y2) in pixels, continuous, 0-based; score in [0, 1]."""

    name: str
    score: float
    box: tuple[float, float, float, float]
    label: int


@dataclass(frozen=True, repr=False, eq=False)
class Result(Detections):
    """The detections of one image, by falling score, with all that is needed to read them.

    `len` counts them, a loop or `[0]` gives a `Detection` each, `[result.scores > 0.5]` a `Result`
    of those; `boxes`, `labels` and `scores` are arrays. `image_id` is the path that was given, or
    the place in the list. Needs pandas or supervision only where it is asked for their form:
    `pip install 'resdet[convert]'`.

    Unit: height and width in pixels, after EXIF rotation; the rest as in `Detections`.
    """

    class_names: tuple[str, ...]
    height: int
    width: int

    @property
    def names(self) -> list[str]:
        """The name of each detection's class."""
        return [self.class_names[label] for label in self.labels]

    def __iter__(self) -> Iterator[Detection]:
        columns = zip(self.names, self.scores.tolist(), self.boxes.tolist(), self.labels.tolist())
        return (Detection(name, score, tuple(box), label) for name, score, box, label in columns)

    @overload
    def __getitem__(self, place: int) -> Detection: ...
    @overload
    def __getitem__(self, place: BoolArray) -> Result: ...
    def __getitem__(self, place: int | BoolArray) -> Detection | Result:
        """One of them, 0 is the surest; or those that a mask of one truth value each says."""
        return self._where(place) if isinstance(place, np.ndarray) else list(self)[place]

    def __repr__(self) -> str:
        found = [f"{d.name} {d.score:.2f}" for d in islice(self, SHOWN)]
        more = f", ... ({len(self)})" if len(self) > SHOWN else ""
        what = ", ".join(found) + more or "nothing"
        where = Path(self.image_id).name if isinstance(self.image_id, str) else self.image_id
        return f"Result({where!r}, {self.width}x{self.height}: {what})"

    def above(self, threshold: float) -> Result:
        """Those with a score of at least `threshold`."""
        return self._where(self.scores >= threshold)

    def of(self, *names: str) -> Result:
        """Those of these classes. Raises: ValueError for a name that is no class."""
        unknown = [name for name in names if name not in self.class_names]
        if unknown or not names:
            raise ValueError(
                f"names must be among {', '.join(self.class_names)}, got {', '.join(unknown)}"
            )
        labels = [self.class_names.index(name) for name in names]
        return self._where(np.isin(self.labels, labels))

    def _where(self, keep: BoolArray) -> Result:
        columns = self.boxes[keep], self.labels[keep], self.scores[keep]
        return Result(self.image_id, *columns, self.class_names, self.height, self.width)

    def draw(
        self,
        image: ImageLike | None = None,
        *,
        channel_order: ChannelOrder | None = None,
        threshold: float = 0.5,
    ) -> PIL.Image.Image:
        """A picture of the detections above `threshold`, which can `.save("drawn.jpg")` itself.

        `image` is what the detector was given; of a file it may be left out.
        Raises: ValueError if it is of another size, or left out where there was no file.
        """
        from PIL import Image

        drawn = self._drawn(image, channel_order, threshold)
        return Image.fromarray(drawn[..., ::-1].copy())

    def save(
        self,
        path: str | Path,
        image: ImageLike | None = None,
        *,
        channel_order: ChannelOrder | None = None,
        threshold: float = 0.5,
    ) -> None:
        """Write the picture that `draw` makes; the suffix says its kind, folders are made.

        Raises: as `draw`; OSError if it cannot be written.
        """
        from backbones.images.encoding import write_image

        write_image(Path(path), self._drawn(image, channel_order, threshold))

    def _drawn(
        self, image: ImageLike | None, channel_order: ChannelOrder | None, threshold: float
    ) -> Any:
        """Shape: (H, W, 3) BGR."""
        import cv2

        from backbones.images.given import to_rgb
        from resdet.visualization.draw import draw_detections

        if image is None:
            if not isinstance(self.image_id, str):
                raise ValueError(
                    "image must be given where the detector was given no file; give what it saw"
                )
            image = Path(self.image_id)
        pixels = to_rgb(image, channel_order)
        if pixels.shape[:2] != (self.height, self.width):
            raise ValueError(
                f"image must be the one of these detections, {self.width}x{self.height}, got "
                f"{pixels.shape[1]}x{pixels.shape[0]}"
            )
        bgr: Any = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        columns = self.boxes, self.labels, self.scores, self.class_names
        return draw_detections(bgr, *columns, threshold)

    def to_coco(
        self, image_id: int | None = None, category_ids: Sequence[int] | None = None
    ) -> list[dict[str, Any]]:
        """A list of COCO results: image_id, category_id, bbox [x, y, width, height], score.

        `image_id` is that of the annotations, by default the own one. `category_ids` has one for
        each class: by default COCO's own where the classes are its 80, else 1, 2, 3, ...
        Raises: ValueError if these are not as many as the classes.
        """
        from resdet.evaluation.coco.results import to_coco_results

        return to_coco_results([self._plain(image_id)], self._ids(category_ids))

    def to_json(
        self, image_id: int | None = None, category_ids: Sequence[int] | None = None
    ) -> str:
        """`to_coco` as text, each entry with category_name and file_name as well.

        It is what `resdet visualize --json` writes of many images. Raises: as `to_coco`.
        """
        from resdet.evaluation.coco.results import file_entries

        file = self.image_id if isinstance(self.image_id, str) else ""
        ids = self._ids(category_ids)
        return json.dumps(file_entries(self._plain(image_id), file, ids, self.class_names))

    def _plain(self, image_id: ImageId | None) -> Detections:
        own = self.image_id if image_id is None else image_id
        return Detections(own, self.boxes, self.labels, self.scores)

    def _ids(self, category_ids: Sequence[int] | None) -> Sequence[int]:
        from resdet.structures.classes import usual_ids

        ids = usual_ids(self.class_names) if category_ids is None else category_ids
        if len(ids) != len(self.class_names):
            raise ValueError(
                f"category_ids must be one for each of {len(self.class_names)} classes, got "
                f"{len(ids)}"
            )
        return ids

    def to_pandas(self) -> pandas.DataFrame:
        """A row each: image_id, x1, y1, x2, y2, score, label, name.

        Raises: ImportError that says how to install pandas.
        """
        pd = _optional("pandas")
        corners = {name: self.boxes[:, at] for at, name in enumerate(("x1", "y1", "x2", "y2"))}
        kind = "str" if isinstance(self.image_id, str) else "int64"  # of no rows, none is inferred
        ids = pd.Series([self.image_id] * len(self), dtype=kind)
        names = pd.Series(self.names, dtype="str")
        columns = {"score": self.scores, "label": self.labels, "name": names}
        return pd.DataFrame({"image_id": ids, **corners, **columns})

    def to_supervision(self) -> supervision.Detections:
        """`supervision.Detections` with xyxy, confidence, class_id and data["class_name"].

        Raises: ImportError that says how to install supervision.
        """
        sv = _optional("supervision")
        return sv.Detections(
            xyxy=self.boxes.astype(np.float32),
            confidence=self.scores.astype(np.float32),
            class_id=self.labels.astype(int),
            data={"class_name": np.array(self.names, dtype=str)},
        )


def _optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{name} must be installed for this, got {error}; pip install {name}, or "
            "pip install 'resdet[convert]'"
        ) from error
