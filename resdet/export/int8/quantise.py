"""NNCF's quantisation after training: an OpenVINO model, and pictures to read the ranges from."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable, Collection, Sequence
from typing import Any

from backbones.export import openvino_ir  # noqa: F401  (which keeps NNCF from telling its use)
from resdet.export.int8.layers import outside


def quantise(
    model: Any,
    pictures: Sequence[Any],
    read: Callable[[Any], Any],
    in_float: Collection[str] = (),
) -> Any:
    """The model with its layers in int8, those `in_float` and all that is no network aside.

    `read` makes of a picture what the model takes; the model given stays as it is.
    """
    import nncf

    nncf.set_log_level(logging.ERROR)
    scope = nncf.IgnoredScope(names=outside(model, in_float), validate=False)
    with contextlib.redirect_stdout(io.StringIO()):  # its bars
        return nncf.quantize(
            model.clone(),
            nncf.Dataset(pictures, read),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(pictures),
            ignored_scope=scope,
        )
