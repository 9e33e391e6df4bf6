"""Write docs/config.md: every key of a config, from its row.

examples:
  python -m tools.docs.config_page
  python -m tools.docs.config_page --check
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from backbones.config.keys import Key
from backbones.config.load import type_name
from backbones.config.schema import KEYS as CLASSIFIERS
from resdet.commands.words import DETECTION as WORDS
from resdet.config.own_keys import KEYS as OURS
from resdet.config.schema import KEYS as DETECTORS
from tools.docs.pages import arguments, keep

PAGE = Path(__file__).resolve().parents[2] / "docs" / "config.md"
HEAD = """# Keys of a config

Made from the rows of `resdet/config` and `backbones/config` by `make docs`. A config is YAML, or
`KEY VALUE` pairs of a command; `_BASE_: other.yaml` takes another file's values first. What stands
in no file has its default. Unknown keys, other types and values that are not allowed are told all
at once.
"""
FIRST = {
    "MODEL.DEVICE": "cpu",
    "MODEL.WEIGHTS": "model_final.pth",
    "SOLVER.MAX_ITER": "3000",
    "SOLVER.IMS_PER_BATCH": "4",
    "SOLVER.BASE_LR": "0.01",
    "INPUT.MIN_SIZE_TRAIN": "640",
    "INPUT.MIN_SIZE_TEST": "640",
    "MODEL.ANCHOR_GENERATOR.SIZES": "'[[32, 64, 128, 256]]'",
    "TEST.EVAL_PERIOD": "500",
    "DATALOADER.NUM_WORKERS": "2",
}
TEN = """
## The ten that matter first

Of `resdet train-det`. A pair is written after the options, as in
`resdet train-det --data photos/ --output output/mine SOLVER.BASE_LR 0.01`; some have an option of
their own. One number stands for a list of one. `--epochs` counts the images, and moves
`SOLVER.STEPS` and a long warm-up likewise; `--imgsz` sets the longer sides too, in proportion.
"""
DETECTION = """
## Detection

`resdet train-det`, `configs/detection`. Names, types and defaults are those of detectron2's
`get_cfg()`; keys marked **ours** are those that `resdet.add_resdet_config` adds to it.

*engines*: those that honour more than all do. *checkpoint*: weights mean something else under
another value, so a config must *agree* with the file it takes them from; with a file of
detectron2's own it must agree too, or *takes* the file's value.
"""
CLASSIFICATION = """
## Classification

`resdet train-backbone`, `configs/backbones`.
"""


def main(argv: Sequence[str]) -> int:
    args = arguments(__doc__).parse_args(argv)
    fresh = page()
    return keep(PAGE, fresh, check=args.check)


def page() -> str:
    """The whole page."""
    ours = {key.name for key in OURS}
    lines = [HEAD, TEN, *_first(), DETECTION]
    for title, keys in _sections(DETECTORS):
        lines += _table(title, ("engines", "checkpoint"))
        lines += [row(key, engines(key), checkpoint(key), ours=key.name in ours) for key in keys]
    lines += [CLASSIFICATION]
    for title, keys in _sections(CLASSIFIERS):
        lines += _table(title, ())
        lines += [row(key) for key in keys]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def _first() -> Iterator[str]:
    """The table of the ten."""
    options = {
        "SOLVER.IMS_PER_BATCH": ["--batch 4"],
        "MODEL.WEIGHTS": ["--init-from model_final.pth"],
        "INPUT.MIN_SIZE_TEST": ["--imgsz 640"],
    }
    for word in WORDS:
        if word.kind is not None:
            options.setdefault(word.key, []).append(f"{word.option} {word.value}")
    meanings = {key.name: key.meaning for key in DETECTORS}
    yield "| as a pair | as an option | what it means |"
    yield "|---|---|---|"
    for name, value in FIRST.items():
        told = ", ".join(map(_spelt, options.get(name, ())))
        yield f"| {_spelt(f'{name} {value}')} | {told} | {meanings[name]} |"


def _sections(keys: Sequence[Key]) -> Iterator[tuple[str, list[Key]]]:
    """Keys of one node of MODEL, or of one below the root, in the order of the first of each."""
    sections: dict[str, list[Key]] = {}
    for key in keys:
        first, *rest = key.name.split(".")
        title = f"MODEL.{rest[0]}" if first == "MODEL" and len(rest) > 1 else first
        sections.setdefault(title if rest else "and", []).append(key)
    others = sections.pop("and")
    yield from sections.items()
    yield "The rest", others


def _table(title: str, more: Sequence[str]) -> list[str]:
    columns = ("key", "type", "default", "what it means", "allowed", *more)
    return [
        f"\n### {title}\n",
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
    ]


def row(key: Key, *more: str, ours: bool = False) -> str:
    """A line of the table; `more`: its last cells."""
    kind = "number" if key.default is None else type_name(key.default)
    name = f"`{key.name}`" + (" **ours**" if ours else "")
    cells = (name, kind, _code(key.default), key.meaning, _allowed(key), *more)
    return f"| {' | '.join(cells)} |"


def _allowed(key: Key) -> str:
    length = f"{key.length} number{'s' * (key.length > 1)}" if key.length else ""
    bounds = key.bounds + " or empty" * key.empty
    parts = (", ".join(map(_code, key.allowed)), length, bounds, key.form)
    return "; ".join(part for part in parts if part)


def engines(key: Key) -> str:
    """Who honours it, and which values others do."""
    more = {
        name: [value for value in values if value not in key.allowed]
        for name, values in key.engines.items()
    }
    return "; ".join(["all", *(f"{n} also {', '.join(map(_code, v))}" for n, v in more.items())])


def checkpoint(key: Key) -> str:
    """What it means to a checkpoint, ours and detectron2's."""
    if key.compared is None:
        return ""
    return "agree; detectron2's: agree" if key.compared.foreign else "agree; detectron2's: takes"


def _code(value: Any) -> str:
    return _spelt(repr(value))


def _spelt(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    from backbones.terminal.parser import run

    run(main)
