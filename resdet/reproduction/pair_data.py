"""By which keys the networks of a pair are trained: the recipe of both, on the data asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from backbones.training.length import ITERATIONS
from resdet import config
from resdet.data.catalog import names_below
from resdet.data.discover import data_for_config
from resdet.reproduction.pair_tables import OWN
from resdet.reproduction.smoke import SMOKE
from resdet.training.fitting import EVALUATION, pairs_for

OWN_DATA = ", or give --scale small for data of your own"
LONGEST = 2000  # iterations of own_r18: with the baseline's, an hour of two cores
Keys = Mapping[str, Any]


def given_keys(overrides: Sequence[str], *, smoke: bool) -> dict[str, Any]:
    """KEY VALUE of the user above those of a smoke.

    Raises: ValueError for an odd number of words.
    """
    if len(overrides) % 2:
        raise ValueError(f"overrides must be KEY VALUE pairs, got {' '.join(overrides)!r}")
    return {**(SMOKE if smoke else {}), **_as_keys(overrides)}


def check_sets(configs: Iterable[str], keys: Keys, data: Path, instead: str = "") -> None:
    """Find out before the work whether all is there that the configs need.

    Raises: ConfigError; ValueError with the sets that `data` lacks, and what to do `instead`.
    """
    cfgs = [config.load(name, as_pairs(keys)).DATASETS for name in configs]
    needed = dict.fromkeys(name for sets in cfgs for name in (*sets.TRAIN, *sets.TEST))
    there = names_below(data)
    if lacking := [name for name in needed if ":" not in name and name not in there]:
        raise ValueError(
            f"--data must hold {', '.join(lacking)}, got {data} with "
            f"{', '.join(there) or 'none of VOC and COCO'}; put them there, name the rows that "
            f"need none of them by --only{instead}"
        )


def fitted_keys(data: Path, folder: Path, given: Keys) -> dict[str, Any]:
    """What fits the residual network to own data, for both networks; `given` stands above it.

    Raises: ValueError as `data_for_config`.
    """
    pairs, told = data_for_config(data, folder, training=True)
    print(*told, sep="\n", flush=True)
    keys = {EVALUATION: 0, **given}  # the last weights are measured: no test chooses among others
    source = config.read(OWN[1])
    cfg = config.fill(source, [*pairs, *as_pairs(keys)])
    fitted, told = pairs_for(cfg, folder, None, list(keys), resume=False, measure=False)
    print(*told, sep="\n", flush=True)
    keys = _as_keys([*pairs, *fitted]) | keys
    length = config.fill(source, as_pairs(keys)).SOLVER.MAX_ITER
    return {**keys, ITERATIONS: given.get(ITERATIONS, min(length, LONGEST))}


def _as_keys(pairs: Sequence[str]) -> dict[str, str]:
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def as_pairs(keys: Keys) -> list[str]:
    """KEY VALUE, as a config takes them."""
    return [str(text) for pair in keys.items() for text in pair]
