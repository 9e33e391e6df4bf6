from __future__ import annotations

import argparse
import functools
import os
import types
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
import torch

from backbones.weights import unpickling


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    ("value", "read"),
    [
        (argparse.Namespace(lr=0.1, best=np.float32(3)), {"lr": 0.1, "best": np.float32(3)}),
        (types.SimpleNamespace(a=[argparse.Namespace(b=1)]), {"a": [{"b": 1}]}),
        (np.float64(71.2), np.float64(71.2)),
        (np.bool_(True), np.bool_(True)),
        ((PurePosixPath("/a/b"), np.int64(3)), ("/a/b", np.int64(3))),
    ],
)
def test_what_training_scripts_add_is_plain(
    tmp_path: Path, value: Any, read: Any, zipped: bool
) -> None:
    path = tmp_path / "their.pth"
    payload = {"w": torch.ones(2), "extra": value, "again": [value, value]}
    torch.save(payload, path, _use_new_zipfile_serialization=zipped)
    found = unpickling.load(path)
    assert torch.equal(found["w"], torch.ones(2))
    assert found["extra"] == read
    assert found["again"] == [read, read]
    assert type(found["extra"]) is type(read)


def test_arrays_are_built_and_may_be_weights(tmp_path: Path) -> None:
    state = np.random.default_rng(3).normal(size=(2, 3))
    torch.save({"w": state, "rng": np.random.RandomState(0).get_state()}, tmp_path / "a.pth")
    found = unpickling.load(tmp_path / "a.pth")
    np.testing.assert_array_equal(found["w"], state)
    assert found["rng"][1].dtype == np.uint32


class Harmless:
    """Would make a folder if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (defaultdict(), r"collections\.defaultdict"),
        (torch.nn.Linear(1, 1), r"torch\.nn\.modules\.linear\.Linear"),
        (functools.partial(print), r"functools\.partial"),
    ],
)
def test_what_stands_in_the_way_is_named(tmp_path: Path, value: Any, named: str) -> None:
    torch.save({"model": value}, tmp_path / "other.pth")
    with pytest.raises(unpickling.Refused, match=rf"which names {named}: .*torch\.load\('.*other"):
        unpickling.load(tmp_path / "other.pth")


def test_code_is_not_run_and_settings_do_not_hide_it(tmp_path: Path) -> None:
    evil = argparse.Namespace(hook=Harmless(tmp_path / "ran"))
    torch.save({"args": evil}, tmp_path / "evil.pth")
    with pytest.raises(unpickling.Refused, match=rf"which names {os.name}\.mkdir"):
        unpickling.load(tmp_path / "evil.pth")
    assert not (tmp_path / "ran").exists()


def test_an_array_of_objects_is_refused(tmp_path: Path) -> None:
    torch.save({"a": np.array([None, {}], object)}, tmp_path / "objects.pth")
    with pytest.raises(ValueError, match="an array of type .*O8"):
        unpickling.load(tmp_path / "objects.pth")


def test_nothing_stays_allowed(tmp_path: Path) -> None:
    torch.save({"args": argparse.Namespace(a=1)}, tmp_path / "a.pth")
    before = torch.serialization.get_safe_globals()
    unpickling.load(tmp_path / "a.pth")
    assert set(torch.serialization.get_safe_globals()) == set(before)
