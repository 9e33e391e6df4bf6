"""Threads that wait sleep, unless the user wants them awake."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from backbones.machine import threads

RUN = """
import os, sys
from backbones.terminal.parser import run
said = os.environ.get
run(lambda argv: print(said("OMP_WAIT_POLICY"), said("GOMP_SPINCOUNT"), "torch" in sys.modules))
"""


@pytest.mark.parametrize(
    ("asked", "then"),
    [
        ({}, ["passive", "3000"]),
        ({threads.WAITING: "active"}, ["active", "None"]),
        ({threads.WAITING: "passive"}, ["passive", "None"]),
        ({threads.SPINNING: "7"}, ["passive", "7"]),
    ],
)
def test_a_command_says_so_before_torch_is_there(asked, then):
    ours = (threads.WAITING, threads.SPINNING)
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    done = subprocess.run(
        [sys.executable, "-c", RUN], env=kept | asked, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [*then, "False"]


def test_a_thread_takes_its_own_number_and_leaves_the_others_theirs():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(8)
        with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
            for pool, number in ((first, 2), (second, 3), (second, 5), (first, 2)):
                pool.submit(threads.compute_with, number).result()
            own = [pool.submit(torch.get_num_threads).result() for pool in (first, second)]
            with ThreadPoolExecutor(1) as later:
                own.append(later.submit(torch.get_num_threads).result())
        assert own == [2, 5, 8]
        assert torch.get_num_threads() == 8
    finally:
        torch.set_num_threads(before)
