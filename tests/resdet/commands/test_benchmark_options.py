"""What each benchmark can be told."""

import argparse
import inspect
from pathlib import Path

import pytest

from backbones.benchmarks import synthetic
from resdet.benchmarks import detectors, suite
from resdet.commands import benchmark_options
from resdet.commands.benchmark_options import TAKES, add_benchmarks, chosen, keywords


def parse(*argv):
    parser = argparse.ArgumentParser()
    add_benchmarks(parser)
    return parser.parse_args(argv)


def test_functions_take_what_the_tool_hands_them():
    """Every option of every benchmark is a parameter of its function."""
    functions = {
        **suite.BENCHMARKS,
        "train-backbone": synthetic.benchmark_synthetic_training,
        "infer-det": detectors.Wanted,
        "train-det": detectors.Wanted,
    }
    for name, taken in benchmark_options.TAKES.items():
        words = {benchmark_options._KEYWORDS.get(o[2:], o[2:]) for o in taken}
        assert words <= set(inspect.signature(functions[name]).parameters), name


def test_all_are_in_the_order_of_the_table():
    assert chosen(parse("eval")) == ["eval"]
    assert chosen(parse("all")) == [name for name in TAKES if name not in ("files", "visualize")]
    assert chosen(parse("all", "--only", "eval", "input")) == ["input", "eval"]


@pytest.mark.parametrize("name", ["files", "visualize"])
def test_files_must_be_given(name):
    with pytest.raises(SystemExit):
        parse(name, "--files", "a.pth")
    with pytest.raises(SystemExit):
        parse("all", "--only", name)
    args = parse(name, "--files", "a.pth", "b.xml", "--images", "photos")
    files = [Path("a.pth"), Path("b.xml")]
    assert keywords(name, args) == {"files": files, "images": Path("photos")}


def test_only_what_was_given_is_handed_on_in_the_functions_words():
    assert keywords("infer-det", parse("infer-det")) == {}
    args = parse("infer-det", "--compile", "--batch", "2")
    assert keywords("infer-det", args) == {"compiled": True, "batch": 2}
    args = parse("all", "--device", "cuda", "--only", "eval", "scaling")
    assert keywords("scaling", args) == {"device": "cuda"}
    assert keywords("eval", args) == {}


def test_training_of_a_config_has_defaults_of_its_own():
    args = parse("train-backbone", "--config", "c", "--rounds", "2", "SEED", "3")
    assert keywords("train-backbone", args) == {
        "config": "c",
        "iterations": 100,
        "variant": (),
        "overrides": ["SEED", "3"],
        "rounds": 2,
    }
    with pytest.raises(ValueError, match="--batch must be given without --config"):
        keywords("train-backbone", parse("train-backbone", "--config", "c", "--batch", "2"))
    with pytest.raises(ValueError, match="KEY VALUE must be given with --config; give --config NA"):
        keywords("train-backbone", parse("train-backbone", "SEED", "3"))
