"""Draw what a detector finds in images, folders, videos or before a camera.

--data and --annotations show each image twice: what is there, and what is found, coloured as in
the gallery by what became of it. A video keeps the times of its frames and its sound (extra
`video`); a camera films until Ctrl-C, --limit or --seconds.

--csv and --json list every box drawn, under the path of its image; of a film, that and the number
of the frame. The ids of the JSON are those of --data, else the name of the file without its suffix.

examples:
  resdet visualize --checkpoint model_final.pth --input photos/ --output drawn/
  resdet visualize --checkpoint model_final.pth --input film.mp4 --output drawn/ --threshold 0.7
  resdet visualize --checkpoint model_final.pth --input 0 --output drawn/ --seconds 30
  resdet visualize --checkpoint model_final.pth --data /data/mine --limit 50 --contact-sheet all.jpg
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backbones.terminal.wording import count

if TYPE_CHECKING:
    from backbones.files.plan import Kind
    from resdet.commands.show import Given, Show


_LISTS = {
    "--csv": "every box drawn: image, class, score, x1, y1, x2, y2",
    "--json": "the same as COCO's results, with file names",
    "--contact-sheet": "small copies of all, in one picture",
}


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser, add_device, number, positive, share
    from backbones.terminal.planned import existing, reads, writes
    from resdet.commands.arguments import (
        add_corners,
        add_engine,
        add_extras,
        add_runtime,
        add_speed,
        data_folder,
    )

    parser = Parser(__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True, metavar="FILE", help="a detector")
    shown = parser.add_argument_group("what is shown").add_mutually_exclusive_group(required=True)
    given = shown.add_argument("--input", "--video-input", nargs="+", metavar="PATH",
        help="images, a folder, a video, or the number of a camera")  # fmt: skip
    reads(given, existing)
    shown.add_argument("--webcam", dest="input", action="store_const", const=["0"],
        help="as --input 0")  # fmt: skip
    data = shown.add_argument("--data", type=Path, metavar="DIR",
        help="beside the ground truth of VOC, COCO, YOLO, CVAT or LabelMe")  # fmt: skip
    reads(data, data_folder)
    shown.add_argument("--annotations", type=Path, metavar="JSON", help="the same of COCO's form")
    more = parser.add_argument_group("which of it").add_argument
    more("--split", metavar="NAME", help="of --data: train, val, ... [test, else val, else all]")
    add_corners(more)
    more("--images", type=Path, metavar="DIR", help="of --annotations: the folder of the images")
    more("--limit", "--frames", type=positive, default=0, metavar="N",
        help="frames of a video or a camera; images; of --data spread over it [all]")  # fmt: skip
    more("--seconds", type=number, default=0.0, metavar="S", help="of a video or a camera [all]")
    more("--threshold", "--confidence-threshold", type=share, default=0.5, metavar="SCORE",
        help="least score drawn [0.5]")  # fmt: skip
    more("--classes", "--labels", nargs="+", default=[], metavar="NAME", help="these only [all]")
    more("--top", type=positive, default=0, metavar="N", help="the surest N of an image [all]")
    more("--hide", choices=("scores", "tags"), help="names alone, or boxes alone")
    out = parser.add_argument_group("what is written").add_argument
    drawn = out("--output", type=Path, metavar="PATH",
        help="folder; names are kept. Or a file, for one")  # fmt: skip
    writes(drawn, _kind)
    for option, told in _LISTS.items():
        writes(out(option, type=Path, metavar="FILE", help=told))
    running = parser.add_argument_group("how the detector is run")
    add_runtime(running)
    add_engine(running)
    add_device(running)
    add_speed(running)
    add_extras(parser)
    return parser


def _kind(output: Path) -> Kind:
    """A picture, a film, or the folder for them."""
    from resdet.visualization.media import names_file

    return "file" if names_file(output) else "folder"


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = arguments()
    args = parser.parse_args(argv)
    if not (args.output or args.contact_sheet or args.csv or args.json):
        parser.error("--output, --contact-sheet, --csv or --json must be given")
    if args.split and not args.data:
        parser.error("--split goes with --data: a JSON is a split of its own")
    if args.voc_corners != "auto" and not args.data:
        parser.error("--voc-corners goes with --data")
    if args.seconds < 0:
        parser.error(f"--seconds must not be negative, got {args.seconds:g}")
    if (args.annotations is None) != (args.images is None):
        parser.error("--annotations and --images go together")
    return args


def main(argv: Sequence[str]) -> None:
    args = _parse(argv)

    from resdet.commands.show import Show, Shown, check_outputs, counted, inputs_of
    from resdet.commands.sources import asked_detector, ground_truth
    from resdet.visualization.draw import Tags
    from resdet.visualization.sheet import ContactSheet

    given = inputs_of(args.input) if args.input else ground_truth(args)
    lists = [path for path in (args.csv, args.json) if path]
    check_outputs(args.output, args.contact_sheet, given, args.input)

    detector = asked_detector(args)
    hidden: dict[str | None, Tags] = {"scores": "names", "tags": "none", None: "all"}
    tags = hidden[args.hide]
    shown = Shown(args.threshold, args.top, tuple(args.classes), tags)
    shown.check(detector.class_names)
    drawn = counted(detector.class_names, given, kept=bool(lists))
    show = Show(detector, shown, drawn, ContactSheet() if args.contact_sheet else None)
    print(_draw(show, given, args))
    print(drawn.told(args.threshold))
    _write(show, args)


def _draw(show: Show, given: Given, args: argparse.Namespace) -> str:
    from resdet.commands.show import target_of
    from resdet.structures.records import Dataset
    from resdet.visualization.video import WITHOUT_AV, Video

    target = target_of(args.output, given)
    if isinstance(given, list):
        return show.images(given[: args.limit or None], target)
    if isinstance(given, Dataset):
        return show.beside_truth(given, target, args.limit)
    if isinstance(given, Video):
        print(WITHOUT_AV)
    path = Path(args.input[0])
    return show.video(given, str(path), target(path), args.limit, args.seconds)


def _write(show: Show, args: argparse.Namespace) -> None:
    """The lists and the sheet; say what is written."""
    from backbones.files.outputs import write_json, write_text

    if args.csv:
        write_text(args.csv, show.drawn.to_csv())
    if args.json:
        write_json(args.json, show.drawn.entries())
    for path in filter(None, (args.output, args.csv, args.json)):
        print(f"written: {path}")
    if show.sheet:
        show.sheet.write(args.contact_sheet)
        left_out = f", {show.sheet.left_out} left out" if show.sheet.left_out else ""
        print(f"written: {args.contact_sheet}, {count(len(show.sheet), 'picture')}{left_out}")
