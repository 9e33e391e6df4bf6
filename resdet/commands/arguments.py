"""The options that measuring tools share; `sources` does what they say. Imports nothing heavy."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backbones.machine.precision import PRECISIONS
from backbones.terminal.parser import add_device, positive
from backbones.terminal.planned import reads, writes

if TYPE_CHECKING:
    from resdet.detector.speed import Speed

_EXTRAS = ("refine", "maxout", "multi_scale", "flip", "ensemble")
_RUN_BY = ("runtime", "engine", "device", "precision", "compile", "batch")
_OF_CHECKPOINT = (*_RUN_BY, "shards", *_EXTRAS)


def add_sources(parser: argparse.ArgumentParser) -> None:
    """The options by which every measuring tool is told its detections and its ground truth."""
    measured = parser.add_argument_group("what is measured")
    found = measured.add_mutually_exclusive_group(required=True)
    found.add_argument(
        "--detections", type=Path, metavar="PATH", help="folder of comp4 files, or COCO JSON"
    )
    found.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="a detector to run on the images"
    )
    truth = parser.add_argument_group("ground truth: --data, or --annotations").add_argument
    told = "VOC, COCO, YOLO, CVAT or LabelMe, found by looking"
    reads(truth("--data", type=Path, metavar="DIR", help=told), data_folder)
    truth("--split", metavar="NAME", help="of --data: train, val, ... [test, else val, else all]")
    add_classes(truth)
    add_corners(truth)
    truth("--annotations", type=Path, metavar="JSON", help="COCO form")
    truth("--images", type=Path, metavar="DIR", help="of --annotations: the folder of the images")
    running = parser.add_argument_group("how --checkpoint is run")
    add_runtime(running)
    add_engine(running)
    add_device(running)
    add_speed(running)
    shards = running.add_argument(
        "--shards", type=Path, metavar="DIR", help="keep what it found there, and go on from it"
    )
    writes(shards, "folder", is_ours=_holds_shards)
    add_extras(parser)


def data_folder(data: Path) -> list[Path]:
    """The folder that DIR, voc:DIR or DIR/data.yaml means."""
    _, _, rest = str(data).partition(":")
    named = Path(rest) if rest and not data.exists() else data
    return [named.parent if named.suffix in (".yaml", ".yml") and named.is_file() else named]


def _holds_shards(folder: Path) -> bool:
    from resdet.detector.shards import SUFFIX

    return all(path.suffix == SUFFIX for path in folder.iterdir())


def _matches(result: Path) -> list[Path]:
    from resdet.evaluation.record import matches_path

    return [matches_path(result)]


def add_classes(add: Callable[..., Any]) -> None:
    """The option that names the classes of data which does not itself."""
    option = add(
        "--classes",
        dest="class_names",
        type=class_names,
        default=(),
        metavar="NAMES",
        help="of --data, in order: cat,dog or a .txt of one a line [those that it names]",
    )
    reads(option, lambda names: names.files)


def add_corners(add: Callable[..., Any]) -> None:
    """The option that says how VOC's files count corners."""
    from resdet.structures.corners import AUTO, CHOICES

    add(
        "--voc-corners",
        choices=CHOICES,
        default=AUTO,
        help="of VOC's files; auto: told by what wrote them [auto]",
    )


class Names(tuple[str, ...]):
    """Of classes, and the file that they stand in, if any."""

    files: Sequence[Path] = ()


def class_names(text: str) -> Names:
    """Names with commas between them, or the lines of a file that ends with .txt."""
    from resdet.data.validate import text_lines

    files = [Path(text)] if text.endswith(".txt") else []
    try:
        lines = text_lines(*files) if files else text.split(",")
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"must be a list of names, one a line: {error}") from None
    names = Names(name.strip() for name in lines)
    names.files = files
    if not names or "" in names:
        raise argparse.ArgumentTypeError(f"must be names, as cat,dog or names.txt: {text!r}")
    return names


def add_outputs(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """What every measuring tool can write. -> the group, to add more."""
    group = parser.add_argument_group("what is written")
    result = group.add_argument(
        "--json", type=Path, metavar="FILE", help="the result; its matches beside it"
    )
    writes(result, beside=_matches)
    writes(
        group.add_argument("--plots", type=Path, metavar="DIR", help="the curves and the errors"),
        "folder",
    )
    return group


def check_sources(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """End with a message where the options do not go together."""
    if (args.data is None) == (args.annotations is None):
        parser.error("ground truth is --data DIR, or --annotations JSON: one of them")
    if args.split and not args.data:
        parser.error("--split goes with --data: a JSON is a split of its own")
    if args.class_names and not args.data:
        parser.error("--classes goes with --data: a JSON names its own")
    if args.voc_corners != "auto" and not args.data:
        parser.error("--voc-corners goes with --data: COCO counts in one way")
    if args.images and args.data:
        parser.error("--images goes with --annotations; --data has its own")
    if args.detections:
        idle = [name for name in _OF_CHECKPOINT if getattr(args, name) != parser.get_default(name)]
        if idle:
            parser.error(
                f"--{idle[0].replace('_', '-')} goes with --checkpoint: detections are only read"
            )
    if args.checkpoint and args.annotations and not args.images:
        parser.error("--checkpoint needs --images, the folder of the image files")


def add_engine(parser: argparse._ActionsContainer) -> None:
    """The option that names the engine; `engines.choose` says what is wrong with it."""
    parser.add_argument(
        "--engine",
        default="auto",
        metavar="NAME",
        help="tv, d2 or auto: d2 where detectron2 is importable [auto]",
    )


def add_runtime(parser: argparse._ActionsContainer) -> None:
    """The option that names what runs the network; `runtimes.choice` says what is wrong with it."""
    parser.add_argument(
        "--runtime",
        default="",
        metavar="NAME",
        help="torch, openvino, onnxruntime or auto: on a CPU the fastest that is installed [torch; "
        "of a file of resdet export its own]",
    )


def add_speed(parser: argparse._ActionsContainer) -> None:
    """The options by which a tool is told how fast to run a detector; `speed` reads them."""
    parser.add_argument(
        "--precision", choices=PRECISIONS, default="fp32", help="of the networks [fp32]"
    )
    parser.add_argument(
        "--compile", action="store_true", help="torch.compile; the first images are slow"
    )
    parser.add_argument(
        "--batch", type=positive, default=1, metavar="N", help="images in one pass [1]"
    )


def speed(args: argparse.Namespace) -> Speed:
    """What the options of `add_speed` say."""
    from resdet.detector.speed import Speed

    return Speed(args.precision, args.compile, args.batch)


def add_extras(parser: argparse.ArgumentParser) -> None:
    """The options of TEST's extras, for which no training is needed; `extras` reads them."""
    add = parser.add_argument_group("extras of testing, slower").add_argument
    add("--refine", action="store_true", help="look again at the boxes found, and let them vote")
    pixels: dict[str, Any] = {"type": shorter_sides, "default": (), "metavar": "SIZES"}
    add("--maxout", **pixels, help="read each region at two of these scales: 400,600,800")
    add("--multi-scale", **pixels, help="detect at each of these scales, merge what is found")
    add("--flip", action="store_true", help="detect in the mirrored image too, and merge")
    add(
        "--ensemble",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="more detectors of the same classes: their regions united, their heads averaged",
    )


def extras(args: argparse.Namespace) -> list[str]:
    """What the options of `add_extras` say, as KEY VALUE of TEST."""
    pairs = ["TEST.REFINE", "True"] if args.refine else []
    if args.maxout:
        pairs += ["TEST.MAXOUT_SIZES", str(list(args.maxout))]
    if args.multi_scale or args.flip:
        pairs += ["TEST.AUG.ENABLED", "True", "TEST.AUG.MIN_SIZES", str(args.multi_scale)]
        pairs += ["TEST.AUG.MAX_SIZE", "0", "TEST.AUG.FLIP", str(args.flip)]
    if args.ensemble:
        pairs += ["TEST.ENSEMBLE", str([str(path) for path in args.ensemble])]
    return pairs


def shorter_sides(text: str) -> tuple[int, ...]:
    """Numbers of pixels, rising: "400,600,800"."""
    sizes = [int(part) if part.isdigit() else 0 for part in text.split(",")]
    if min(sizes) < 1 or sizes != sorted(set(sizes)):
        raise argparse.ArgumentTypeError(
            f"must be pixels of the shorter side, rising, as 400,600,800: {text}"
        )
    return tuple(sizes)


def thresholds(text: str) -> tuple[float, ...]:
    """A list "0.5,0.75" or a range "0.5:0.95" by 0.05, each the nearest float of its decimal."""
    try:
        if ":" not in text:
            values = [float(part) for part in text.split(",")]
        else:
            first, last = (float(part) for part in text.split(":"))
            values = [k / 100 for k in range(round(100 * first), round(100 * last) + 1, 5)]
            values = values if values and [values[0], values[-1]] == [first, last] else []
    except (ValueError, OverflowError):
        values = []
    if not values or not all(0 < value <= 1 for value in values):
        raise argparse.ArgumentTypeError(f"must be in (0, 1]: 0.5 or 0.5,0.75 or 0.5:0.95: {text}")
    return tuple(values)
