"""A process that measures."""

import numpy as np
import pytest

from resdet.benchmarks import measuring


def test_a_process_that_fails_says_why():
    with pytest.raises(ValueError, match=r"resdet.benchmarks.voc must finish, got exit 1:.*"):
        measuring.run_module("resdet.benchmarks.voc", "nowhere", "test", "nothing")


def test_memory_is_that_of_this_process():
    before = measuring.peak_megabytes()
    if before is None:
        pytest.skip("the system does not say")
    block = np.ones(60_000_000, np.uint8)
    held = measuring.peak_megabytes()
    assert held is not None
    assert held >= before
    assert held >= len(block) / 1e6


def test_a_whole_process_costs_more_than_its_work():
    whole = measuring.run_whole("timeit", "-n", "1", "-r", "1", "print('7')")
    assert whole["printed"].splitlines()[0] == "7"
    assert 0 < whole["seconds"] < 60
    assert 0 < whole["cpu_seconds"] < 60
    assert 1 < whole["peak_megabytes"] < 500
    with pytest.raises(ValueError, match="must finish, got exit 2"):
        measuring.run_whole("timeit", "--no-such-option")


def test_json_in_the_last_line():
    whole = {"seconds": 1.0, "cpu_seconds": 1.0, "peak_megabytes": 1.0, "printed": 'a\n{"b": 2}\n'}
    assert measuring.printed_json(whole) == {"b": 2}
