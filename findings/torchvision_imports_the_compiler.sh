#!/usr/bin/env bash
# import torchvision, and a random number on the meta device, import torch's whole compiler.
#
# torch itself is careful to import torch._dynamo only where something is compiled. torchvision's
# ROIAlign imports a question from it that it asks on a GPU under deterministic algorithms alone; so
# each program that imports torchvision, to decode an image or for its transforms, has imported the
# compiler and sympy, some 900 modules. So has one that builds a network on the meta device, the way to
# build it without memory and random numbers: normal_ there runs a Python reference which first asks
# the compiler to leave it alone. A command that detects in one image waits for that longer than
# for the detection, and its process is 160 MB larger.
#
# Seen (Python 3.11, Linux, CPU): torch 2.14.1, torchvision 0.29.1. import torch is 1,191 modules, none of
# the compiler. Importing torchvision then brings 934 that are not its own and takes as long again as
# torch (1.00); with a stand-in for the module that is asked 67, and a twentieth (0.05). One normal_ on
# the meta device brings 894 and takes 1.27 times as long as import torch.
# Needs 6 GB of disk while it runs: torch has no smaller wheel for Linux on x86.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check \
    "torch==2.14.1" "torchvision==0.29.1" "numpy==2.2.6" >/dev/null
cat > "$folder/imports.py" <<'PYTHON'
import json
import sys
import time
from types import ModuleType

begun = time.perf_counter()
import torch

taken = [time.perf_counter() - begun]
how, before = sys.argv[1], set(sys.modules)
assert "torch._dynamo" not in before
begun = time.perf_counter()
if how == "meta":
    torch.empty(2, device="meta").normal_()
else:
    if how == "stand-in":
        asked = sys.modules["torch._dynamo.utils"] = ModuleType("torch._dynamo.utils")
        asked.is_compile_supported = None
    import torchvision
taken.append(time.perf_counter() - begun)
brought = [name for name in sys.modules if name not in before and "torchvision" not in name]
print(json.dumps([len(before), len(brought), "torch._dynamo" in brought, "sympy" in brought, taken]))
PYTHON
for run in 1 2; do  # the first one reads the files
    for how in import meta stand-in; do
        "$folder/venv/bin/python" "$folder/imports.py" "$how" > "$folder/$how.json"
    done
done
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import json
import sys
from pathlib import Path

found = {}
for how in ("import", "meta", "stand-in"):
    there, brought, compiler, sympy, (torch, then) = json.loads(
        Path(sys.argv[1], f"{how}.json").read_text()
    )
    found[how] = (brought > 500, compiler, sympy)
    print(f"{how}: {there} modules, then {brought} more; compiler {compiler}, sympy {sympy};"
          f" {then / torch:.2f} of the seconds of import torch")
raise SystemExit(
    found != {"import": (True,) * 3, "meta": (True,) * 3, "stand-in": (False,) * 3}
)
PYTHON
