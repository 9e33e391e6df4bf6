"""Write docs/reproduce.md: every table and figure of the paper, its command, data and results.

examples:
  python -m tools.docs.reproduce_page
  python -m tools.docs.reproduce_page --check
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from resdet.reproduction.page import ALL, reproduce_all
from resdet.reproduction.page_html import Part
from resdet.reproduction.request import Request
from resdet.reproduction.targets import TARGETS, measuring
from tools.docs.pages import arguments, keep

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reproduce.md"
HEAD = """# The paper, table by table

Made from the targets of `resdet reproduce` by `make docs`. Every table and figure of *Deep Residual
Learning for Image Recognition* is one command, which prints ours beside the paper's numbers and
writes `output/reproduction/<target>.md`, `.csv` and its pictures. A cell that nobody measured is
empty.

`resdet reproduce all` writes them all on one page, `output/reproduction/all.html`: what has been
measured in that folder, or is published beside the configs. It opens from disk, needs no script and
no network, and prints. With `--scale smoke` it first trains every network of every table for a few
iterations, an eighth as wide, on synthetic shapes, so that each way to a number is walked: minutes
on two cores and 0.6 GB of disk, without data. A target that fails leaves its line on the page, and
the rest goes on.

![The page of all tables](pictures/reproduce.png)

- `--data DIR` measures: what is measured is kept in `output/reproduction/runs` and not measured
  again, and an interrupted run goes on. Without it nothing is trained. Folders in DIR, such as
  `VOC2007` and `coco`, have these names; ILSVRC is laid out as [imagenet.md](imagenet.md) tells.
- `--scale small` is what two cores train, on data of your own; `smoke` needs no data. Each scale
  has a folder of its own, and its numbers never stand among those of the full one.
- `--seeds`, `--only` and `KEY VALUE` where `resdet reproduce --help` has them for a target;
  `--publish` writes what was measured beside the configs.
- On several GPUs a network is trained by `torchrun ... -m resdet train-backbone` or `train-det`,
  with `--output output/reproduction/runs/<config>-seed<n>` and `SEED <n>` (tables 12 to 14:
  `runs/<config>`); `resdet reproduce` itself is one process, and takes what it finds there. Several
  may train different rows in one `--output`; the same run, or two smokes, are refused.

"Measured" counts the rows with numbers of ours that are published here.

| | shows | as the paper measured it | data | scales | measured |
|---|---|---|---|---|---:|
"""


def main(argv: Sequence[str]) -> int:
    args = arguments(__doc__).parse_args(argv)
    return keep(PAGE, page(), check=args.check)


def page() -> str:
    """The whole page."""
    with tempfile.TemporaryDirectory() as folder:
        parts, _ = reproduce_all(Request(ALL, Path(folder)))
    return HEAD + "".join(map(row, parts))


def row(part: Part) -> str:
    """A line of the table.

    Raises: ValueError with the fault of a target that cannot be shown.
    """
    if part.fault:
        raise ValueError(part.fault)
    name = part.request.target
    target = TARGETS[name]
    cells = [part.name, part.caption, f"`{measuring(name)}`", target.data.replace("<", "\\<")]
    return f"| {' | '.join([*cells, ', '.join(target.scales), part.measured])} |\n"


if __name__ == "__main__":
    from backbones.terminal.parser import run

    run(main)
