"""A detector as a file that runs without this package, compared before it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backbones.export.classifier import Exported
from backbones.export.formats import Contract, contents, encode, runner, told_beside
from backbones.export.images import images_to_compare
from backbones.export.request import WEB, check_request
from backbones.files.atomic import write_together
from backbones.images.decoding import Image
from backbones.terminal.progress import tracked
from resdet.export import suppression
from resdet.export.exportable import Exportable, load_exportable
from resdet.export.form import INSIDE, Form, contract_of
from resdet.export.graph import DetectorGraph
from resdet.export.least_score import with_least_score
from resdet.export.pairing import BOX_BOUND, SCORE_BOUND, Difference
from resdet.export.trial import Named, Row, all_scores, by_file, differences, of_few, threshold
from resdet.export.web.folder import write_page
from resdet.structures.records import Detections

if TYPE_CHECKING:
    from resdet.export.int8.accuracy import Judge
    from resdet.export.int8.search import Wanted

_FEW = 4  # of so many images one
HEAD = ("image", "size", "detections", "boxes differ by", "scores by", "alone", "at the limit")


def export_detector(
    source: Path,
    form: Form,
    output: Path,
    images: Path | None = None,
    int8: Wanted | None = None,
    tell: Callable[[str], None] = print,
    library: Mapping[str, bytes] | None = None,
) -> Exported:
    """Export the detector of a checkpoint of either engine.

    Five images, of the folder or made up, go through the detector and the file, each at its size,
    and two more in which it finds nothing and one object.
    `int8`: of OpenVINO's, which is then made of that file; each try is told.
    `library`, of `find_library`: `output` is the folder of a page that runs the file.
    Raises: ValueError if the file is no detector, the two differ by more than the bounds, there
        is nothing to compare, int8 costs too much, or something is in the way.
    """
    check_request(WEB if library else form.kind, output)
    named = images_to_compare(images)
    detector = load_exportable(source)
    judge = int8 and int8.judge(detector.model, detector.class_names)
    contract = contract_of(detector, source, form)
    least = form.least(detector)
    small = [name for name, image in named if min(detector.resize(image).shape[:2]) < least]
    named = [pair for pair in named if pair[0] not in small]
    notes = list(detector.lines)
    notes += [f"the plain test: {detector.extras} stays behind"] if detector.extras else []
    if small:
        notes.append(f"{', '.join(small)} left out: under {least} pixels a side once resized")

    def compared(data: bytes, named: Named) -> list[Row]:
        run, graph = runner(data, form.kind, contract), graph_of(detector, form)
        return list(differences(detector, form, graph, run, tracked(named, "comparing")))

    found = [detector.detect(image) for _, image in named]
    few = list(of_few(detector, named, found))
    data = encode_detector(detector, contract, form)
    rows = compared(data, [*named, *few])
    for score, some, why in _other_files(detector, named, found, rows):
        with threshold(detector, score) as before:
            rows += compared(with_least_score(data, form.kind, score), some)
        notes.append(why.format(before=before, score=score))
    _check(rows, form, output, images)
    files = contents(data, form.kind, output)
    if int8 and judge:
        files, told = _in_int8(detector, form, data, output, int8, judge, tell)
        contract = replace(contract, metadata={**contract.metadata, **told})
    if library:
        size = write_page(output, data, contract.metadata, library)
    else:
        size = write_together({**files, **told_beside(contract, output)})
    table = tuple(_row(*row) for row in rows)
    return Exported(output, size, contract, HEAD, table, tuple(notes))


def _in_int8(
    detector: Exportable,
    form: Form,
    data: bytes,
    output: Path,
    wanted: Wanted,
    judge: Judge,
    tell: Callable[[str], None],
) -> tuple[dict[Path, bytes], dict[str, str]]:
    """The files, and what their metadata say more."""
    from backbones.export.openvino_ir import from_onnx
    from resdet.export.int8.search import AtWork, in_int8

    def given(image: Image) -> Any:
        return form.given(detector, [image] * (form.batch or 1))

    work = AtWork(given, partial(by_file, detector, form))
    return in_int8(from_onnx(data), output, wanted, judge, work, tell)


def encode_detector(detector: Exportable, contract: Contract, form: Form) -> bytes:
    """The file of a detector, as `encode` gives it. Raises: ValueError if it cannot hold it."""
    return encode(graph_of(detector, form), contract, form.kind, _translations(form))


def graph_of(detector: Exportable, form: Form) -> DetectorGraph:
    """In the words of the format."""
    suppress = suppression.by_offset if form.kind == "torch-export" else suppression.by_rows
    batched, sizes = form.batch is not None, form.sizes(detector)
    return DetectorGraph(detector.model, detector.channel_order, suppress, sizes, batched).eval()


def _translations(form: Form) -> Mapping[Any, Callable[..., Any]]:
    if form.kind == "torch-export":
        return {}
    from resdet.export.onnx_operators import TRANSLATIONS

    return TRANSLATIONS


def _other_files(
    detector: Exportable, named: Named, found: Sequence[Detections], rows: Sequence[Row]
) -> Iterator[tuple[float, Named, str]]:
    """For what none of the images shows: a file that tells lower scores, or only the best.

    The score, what it is compared on, and what is to be told.
    """
    counts = {difference.pairs + difference.alone for _, _, difference in rows}
    if counts >= {0, 1}:
        return
    nothing = counts == {0}
    scores = all_scores(detector, named) if nothing else [one.scores for one in found]
    every = np.sort(np.concatenate(scores))
    if nothing and len(every):
        told = "nothing scores above {before:g} there: a file for {score:.2g} was compared"
        yield float(np.median(every)), named, told
    if len(every) > 1 and every[-1] - every[-2] > SCORE_BOUND:
        best = int(np.argmax([some.max(initial=0.0) for some in scores]))
        (one, image), *others = [*named[best:], *named[:best]]
        shown = [(f"nothing, {name}", image) for name, image in others[:1]]
        told = "no image shows one object: a file for scores above {score:.2g} was compared"
        yield float(every[-2:].mean()), [(f"one object, {one}", image), *shown], told


def _row(name: str, shape: Sequence[int], difference: Difference) -> tuple[str, ...]:
    pairs, box, score, alone, at_limit = difference
    size = f"{shape[1]} x {shape[0]}"
    return name, size, str(pairs), f"{box:.1e} px", f"{score:.1e}", str(alone), str(at_limit)


def _check(rows: Sequence[Row], form: Form, output: Path, images: Path | None) -> None:
    other = [row for row in rows if not row[2].small]
    # what resizes may round a pixel in a few of the images to the other side
    few = form.resize == INSIDE and _FEW * len(other) <= len(rows)
    for name, _, difference in other:
        if not (few and difference.near):
            raise ValueError(
                f"boxes must differ by at most {BOX_BOUND:g} px and scores by {SCORE_BOUND:g}, got "
                f"{difference.box:.1e} px, {difference.score:.1e} and {difference.alone} "
                f"detections without a counterpart on {name}; {output} is not written: try the "
                "other --format, or other --images"
            )
    if not any(difference.pairs for _, _, difference in rows):
        where = f"the images of {images}" if images else "images made up for the purpose"
        raise ValueError(
            f"--images must show what the detector finds, got no detection in {where}: nothing "
            f"could be compared, and {output} is not written; give a folder of such images"
        )
