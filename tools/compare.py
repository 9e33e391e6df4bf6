"""Two results of eval_voc or eval_coco side by side: baseline, other, gain.

python tools/compare.py vgg16.json resnet18.json --name ResNet-18
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("baseline", type=Path, help="JSON of eval_voc or eval_coco")
    parser.add_argument("other", type=Path, help="JSON measured in the same way")
    parser.add_argument("--baseline-name", default="VGG-16 baseline", help="[VGG-16 baseline]")
    parser.add_argument("--name", help="heading of the other column [its file name]")
    parser.add_argument("--json", type=Path, help="write rows and gains here")
    parser.add_argument("--markdown", type=Path, help="write the table here")
    args = parser.parse_args(argv)

    from rich.console import Console

    from resdet.evaluation import compare, read_json, write_json
    from resdet.evaluation.compare import convention, sections
    from resdet.evaluation.results import write_text
    from resdet.evaluation.tables import comparison_markdown, comparison_table

    baseline, other = read_json(args.baseline), read_json(args.other)
    files = (f"baseline {args.baseline}", f"other {args.other}")
    rows = compare(baseline, other, names=files)
    names = (args.baseline_name, args.name or args.other.stem)
    title = "; ".join(convention(part) for part in sections(baseline))
    Console().print(comparison_table(rows, names, title))
    if args.json:
        content = {"baseline": names[0], "other": names[1], "convention": title}
        write_json(args.json, {**content, "rows": [row.to_dict() for row in rows]})
        print(f"written: {args.json}")
    if args.markdown:
        write_text(args.markdown, comparison_markdown(rows, names, title))
        print(f"written: {args.markdown}")


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
