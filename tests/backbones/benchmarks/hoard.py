"""A step whose memory and time are known, in a file that another process can import."""

import numpy as np


def build_hoard(*, megabytes):
    """Hold that much and spend time in proportion to its square."""

    def step():
        held = np.ones(megabytes * 1_000_000, np.uint8)
        for _ in range(megabytes):
            held[: megabytes * 100_000].sum()

    return step
