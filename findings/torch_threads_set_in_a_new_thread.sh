#!/usr/bin/env bash
# torch.set_num_threads in a thread that never asked for the number is undone by another thread's.
#
# A server that detects in several threads gives each its share of the cores. The number is a thread's
# own only after that thread has asked once (get_num_threads, or an operator that runs in parallel):
# set before, it lasts until then, when the thread takes what was set last, by whomever. That holds for
# the main thread too. And what one thread sets is what every thread begun later starts with. No error,
# no warning; only the speed tells.
#
# Seen (Python 3.11, Linux, CPU): torch 2.14.1. The main thread sets 8, a worker 2, another worker 5:
# the first worker has 5 then, or 2 where it asked before it set; a thread begun later has 5, and so
# has the main thread.
# Needs 6 GB of disk while it runs: torch has no smaller wheel for Linux on x86.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check \
    "torch==2.14.1" "numpy==2.2.6" >/dev/null
"$folder/venv/bin/python" - <<'PYTHON'
from concurrent.futures import ThreadPoolExecutor

import torch


def kept(ask_first):
    """What a worker computes with that set 2 before another one set 5."""
    with ThreadPoolExecutor(1) as worker, ThreadPoolExecutor(1) as other:
        if ask_first:
            worker.submit(torch.get_num_threads).result()
        worker.submit(torch.set_num_threads, 2).result()
        other.submit(torch.set_num_threads, 5).result()
        return worker.submit(torch.get_num_threads).result()


torch.set_num_threads(8)
unasked, asked = kept(False), kept(True)
with ThreadPoolExecutor(1) as later:
    begun = later.submit(torch.get_num_threads).result()
print(f"not asked before: {unasked}, asked before: {asked}, begun later: {begun},"
      f" the main thread: {torch.get_num_threads()}")
raise SystemExit((unasked, asked, begun, torch.get_num_threads()) != (5, 2, 5, 5))
PYTHON
