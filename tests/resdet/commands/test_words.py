"""Words that people type: an option of the trainers, or an answer that a trainer takes."""

import argparse

import pytest

from backbones.config import load_classification
from backbones.machine import distributed
from resdet import config
from resdet.commands.entry import command
from resdet.commands.words import (
    CLASSIFICATION,
    DETECTION,
    batch,
    check_device,
    check_length,
    pairs,
)

TRAINERS = {
    "train-det": (DETECTION, lambda given: config.load("own_r18", given)),
    "train-backbone": (
        CLASSIFICATION,
        lambda given: load_classification("cifar10_resnet20", given),
    ),
}
WORDS = [(name, word) for name, (words, _) in TRAINERS.items() for word in words]
IDS = [f"{name} {word.option}" for name, word in WORDS]


@pytest.mark.parametrize(("name", "word"), WORDS, ids=IDS)
def test_each_word_leads_to_a_key(name, word, capsys):
    words, load = TRAINERS[name]
    parser = command(name).arguments()
    given = ["--config", "own_r18", word.option, word.value]
    if word.kind is not None:
        said = parser.parse_args(given)
        load(pairs(said, words))
        if word.also:
            assert parser.parse_args(["--config", "own_r18", word.also, word.value]) == said
        return
    with pytest.raises(SystemExit) as stopped:
        parser.parse_args(given)
    assert stopped.value.code == 2
    answer = capsys.readouterr().err.strip()
    assert answer == f"error: {word.option}: give {word.key} {word.value}"
    given = answer.partition(": give ")[2].partition(" (")[0].partition(", ")[0]
    load(given.split())


def test_options_that_are_not_given_say_nothing():
    args = command("train-det").arguments().parse_args(["--data", "photos"])
    assert pairs(args, DETECTION) == []


@pytest.mark.parametrize("text", ["auto", "-1"])
def test_no_batch_is_found_by_trying(text):
    with pytest.raises(argparse.ArgumentTypeError, match="none is found by trying; give 4"):
        batch(text)
    assert batch("4") == 4


def test_one_thing_says_how_long_to_train():
    parser = command("train-backbone").arguments()
    for other in (["--iters", "3"], ["SOLVER.MAX_ITER", "3"]):
        args = parser.parse_args(["--config", "own_resnet18", "--epochs", "2", *other])
        with pytest.raises(ValueError, match=f"--epochs and {other[0]} both say how long to train"):
            check_length(args)
    check_length(parser.parse_args(["--config", "own_resnet18", "--iters", "3"]))


@pytest.mark.parametrize("given", [["--device", "cuda"], ["MODEL.DEVICE", "cuda"]])
@pytest.mark.parametrize(
    "config_of", [["train-det", "own_r18"], ["train-backbone", "own_resnet18"]]
)
def test_a_gpu_that_is_asked_for_is_there_before_anything_is_written(
    given, config_of, monkeypatch, tmp_path
):
    monkeypatch.setattr(distributed, "_gpus", lambda: 0)
    name, config_name = config_of
    out, data = tmp_path / "run", ["DATASETS.ROOT", str(tmp_path)]
    with pytest.raises(ValueError, match="must be one that is present, got cuda without a GPU"):
        command(name).main(["--config", config_name, "--output", str(out), *data, *given])
    assert not out.exists()
    check_device(["MODEL.DEVICE", "cpu", "SEED", "1"])


@pytest.mark.parametrize("text", ["0", "-0.5", "nan", "inf", "many"])
@pytest.mark.parametrize("option", ["--lr", "--epochs"])
def test_a_rate_and_a_number_of_epochs_are_above_zero(option, text, capsys):
    with pytest.raises(SystemExit):
        command("train-det").arguments().parse_args(["--data", "photos", option, text])
    assert f"error: {option} must be a " in capsys.readouterr().err
