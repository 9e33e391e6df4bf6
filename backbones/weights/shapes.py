"""Whether weights have the names and the shapes of a network, told before any is copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from backbones.terminal.printable import printable

_COUNTER = ".num_batches_tracked"


def matched(
    own: Mapping[str, Tensor], state: Mapping[str, Tensor], source: str
) -> dict[str, Tensor]:
    """`state` with the counters of `own`, the network's, if all else has its names and shapes.

    A trained batch norm counts its batches, a frozen one does not; nothing depends on it.
    Raises: ValueError that lists what is missing, unknown, or of another shape.
    """
    state = {k: v for k, v in state.items() if k in own or not k.endswith(_COUNTER)}
    state |= {k: v for k, v in own.items() if k.endswith(_COUNTER) and k not in state}
    missing = [key for key in own if key not in state]
    unknown = [key for key in state if key not in own]
    others = [
        f"{key} must be {tuple(own[key].shape)}, got {tuple(state[key].shape)}"
        for key in own
        if key in state and own[key].shape != state[key].shape
    ]
    faults = [f"missing: {listed(missing)}"] if missing else []
    faults += [f"unknown: {listed(unknown)}"] if unknown else []
    faults += [listed(others, "; ", 3)] if others else []
    if faults:
        raise ValueError(f"weights of {source} must fit the network; {'; '.join(faults)}")
    return state


def listed(names: Sequence[str], between: str = ", ", most: int = 12) -> str:
    """The first of many, and how many more."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return between.join(map(printable, names[:most])) + more
