"""What two detectors found, side by side: a sheet of pictures, a gallery, the table of classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from backbones.files.outputs import write_text
from backbones.images.decoding import read_image
from resdet.evaluation.comparison.compare import Comparison
from resdet.evaluation.comparison.paper import known_pairs
from resdet.evaluation.comparison.report import comparison_markdown
from resdet.evaluation.comparison.sides import records_to_show
from resdet.evaluation.matches import Matches
from resdet.evaluation.measures import convention, sections
from resdet.structures.records import Detections, GroundTruth
from resdet.visualization.gallery import write_gallery
from resdet.visualization.judged import draw_both
from resdet.visualization.pictures import find_pictures
from resdet.visualization.sheet import ContactSheet

THRESHOLD = 0.5  # lowest score that is shown
_PICTURES, _TILE = 9, (720, 480)


def draw_pair(stem: Path, comparison: Comparison) -> list[Path]:
    """<stem>.png of a few images; and, returned, the gallery <stem>/ of all, <stem>.md of classes.

    Raises: as `write_gallery`.
    """
    sides = comparison.baseline, *comparison.others
    names, records = [side.name for side in sides], records_to_show(sides)
    sheet, page, table = (stem.with_name(f"{stem.name}{end}") for end in (".png", "", ".md"))
    write_gallery(page, list(zip(names, records)), images=None, threshold=THRESHOLD)
    first = comparison.baseline.runs[0]
    paper = known_pairs(sides[0].config, sides[1].config, first.measured.values)
    title = convention(sections(first.result)[0])
    write_text(table, comparison_markdown(comparison, title, [paper]))
    tiles = ContactSheet(_TILE)
    matches = dict(zip(names, (record.matches for record in records)))
    files = find_pictures(records[0], None)
    for image in np.linspace(0, len(files) - 1, min(_PICTURES, len(files))).astype(int).tolist():
        file = files[image]
        if file is not None:
            tiles.add(file.name, _both(file, image, matches))
    tiles.write(sheet)
    return [page / "index.html", table]


def _both(file: Path, image: int, matches: dict[str, Matches]) -> np.ndarray:
    first = next(iter(matches.values()))
    rows = first.truth.images == image
    truth = GroundTruth(
        first.truth.boxes[rows], first.truth.labels[rows], first.truth.ignored[rows]
    )
    found = {name: _found(one, image) for name, one in matches.items()}
    return draw_both(read_image(file, "BGR"), truth, found, first.class_names)


def _found(matches: Matches, image: int) -> Detections:
    rows = (matches.images == image) & (matches.scores >= THRESHOLD)
    columns = matches.boxes[rows], matches.labels[rows], matches.scores[rows]
    return Detections(matches.image_ids[image], *columns)
