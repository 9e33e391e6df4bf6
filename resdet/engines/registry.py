"""Engines by name: ours, and those that `register_engine` has added. Imports nothing heavy."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from backbones.machine.versions import importable
from backbones.plugins import HINT, Registry
from backbones.terminal.wording import nearest

if TYPE_CHECKING:
    from resdet.engines.protocol import Engine

OWN_ENGINES = ("d2", "tv")
ENGINES: Registry[Engine] = Registry("--engine", (*OWN_ENGINES, "auto"))
INSTALL_DETECTRON2 = (
    "pip install --no-build-isolation 'git+https://github.com/facebookresearch/detectron2.git'"
)


def register_engine(engine: Engine) -> None:
    """Make `--engine <engine.NAME>` build, train and run detectors by `engine`.

    Raises: ValueError if the name is taken.
    """
    ENGINES.register(engine.NAME, engine)


def available() -> tuple[str, ...]:
    """Ours that can run here, the one to prefer first."""
    return OWN_ENGINES if importable("detectron2") else ("tv",)


def choose(name: str = "auto") -> str:
    """The name itself; "auto" is d2 where detectron2 is importable, else tv. Imports neither.

    Raises: ValueError if there is no such engine, or detectron2 is absent.
    """
    chosen = available()[0] if name == "auto" else name
    others = () if chosen in OWN_ENGINES else ENGINES.names()
    if chosen not in (*OWN_ENGINES, *others):
        known = ["auto", *OWN_ENGINES, *others]
        listed = f"{', '.join(known[:-1])} or {known[-1]}"
        raise ValueError(f"--engine must be {listed}, got {name!r}{nearest(name, known) or HINT}")
    if chosen not in (*available(), *others):
        raise ValueError(
            f"--engine must be tv where detectron2 is absent, got {name!r}; --engine tv gives the "
            f"same numbers, or install detectron2: {INSTALL_DETECTRON2}"
        )
    return chosen


def load(name: str = "auto") -> Engine:
    """The engine that `choose` names. Raises: ValueError as it does."""
    chosen = choose(name)
    own = f"resdet.engines.{chosen}"
    return ENGINES.get(chosen) or cast("Engine", importlib.import_module(own))
