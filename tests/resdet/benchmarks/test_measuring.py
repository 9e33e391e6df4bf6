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
