"""`python -m resdet.benchmarks.our_process TASK` times our detectors and prints JSON.

Its process begins as those of our commands do.
"""

from __future__ import annotations

from backbones.machine.quick_import import spare_the_compiler
from resdet.benchmarks.detector_task import print_measured

if __name__ == "__main__":
    spare_the_compiler()
    from resdet.benchmarks.our_detector import measure

    print_measured(measure)
