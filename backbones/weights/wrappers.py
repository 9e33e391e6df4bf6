"""The weights in files of others' scripts, whatever they are wrapped in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Detectron's, most training scripts', detectron2's, PyTorch's tutorials', DeepSpeed's; averages of
# the weights only where nothing else is there
_KEYS = (
    *("blobs", "state_dict", "model", "model_state_dict", "model_state", "net", "network"),
    *("weights", "module", "state_dict_ema", "model_ema", "ema_state_dict"),
)
# what torch.compile, FSDP and DeepSpeed put between the names of layers
_BETWEEN = frozenset(
    ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module")
)
_COUNT = "n_averaged"  # that AveragedModel keeps beside its weights
_DEPTH = 4  # wrappers within wrappers


def unwrapped(payload: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """The state dict that a file holds, under the names that its network itself gives.

    What all names begin with is the name of a wrapper: DataParallel's module, Lightning's model.
    """
    state = payload
    for _ in range(_DEPTH):
        inner = next((state[key] for key in _KEYS if isinstance(state.get(key), Mapping)), None)
        if not inner:
            break
        state = inner
    if not all(isinstance(key, str) for key in state):
        return state
    names = {key: [n for n in key.split(".") if n not in _BETWEEN] for key in state}
    names.pop(_COUNT, None)
    while _is_wrapped(list(names.values())):
        names = {key: name[1:] for key, name in names.items()}
    return {".".join(name): state[key] for key, name in names.items()}


def _is_wrapped(names: Sequence[Sequence[str]]) -> bool:
    """Whether all begin alike, and not with a layer or a list of layers."""
    alike = len(names) > 1 and len({name[0] for name in names}) == 1
    return alike and all(len(name) > 2 and not name[1].isdigit() for name in names)
