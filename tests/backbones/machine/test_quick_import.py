"""torchvision is imported without torch's compiler, and nobody who wants it misses it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FAKES = {
    "torch/__init__.py": "",
    "torch/_dynamo/__init__.py": "from .utils import other\nimport torch._dynamo.utils as utils\n",
    "torch/_dynamo/utils.py": "other = 7\ndef is_compile_supported(kind): return kind == 'cuda'\n",
}
ASKS = "from torch._dynamo.utils import is_compile_supported as supported\n"
BEGIN = """
import sys
from backbones.machine.quick_import import spare_the_compiler
finders = len(sys.meta_path)
spare_the_compiler()
spare_the_compiler()
"""
END = """
import torch._dynamo.utils, torch._dynamo
from torch._dynamo import utils, other
assert utils is torch._dynamo.utils is sys.modules["torch._dynamo.utils"]
assert utils.__file__ and utils.other == other == 7
"""


def _run(
    folder: Path, library: str, code: str, begin: str = BEGIN
) -> subprocess.CompletedProcess[str]:
    for name, text in {**FAKES, "torchvision/__init__.py": library}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    path = os.pathsep.join([str(folder), str(ROOT)])
    command = [sys.executable, "-c", begin + code]
    env = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("library", "compilers"),
    [
        (ASKS, 0),
        (f"import inspect\n{ASKS}inspect.getmodule(inspect.currentframe())\n", 0),
        (f"{ASKS}from torch._dynamo.utils import other\n", 2),
        (f"import torch._dynamo\n{ASKS}", 2),
        (f"{ASKS}import torch._dynamo\nassert torch._dynamo.utils.other == 7\n", 2),
    ],
    ids=["asks", "modules looked at", "asks more", "imports it before", "imports it after"],
)
def test_the_compiler_is_there_for_who_wants_it(
    library: str, compilers: int, tmp_path: Path
) -> None:
    code = f"""
import torchvision
assert torchvision.__file__ and torchvision.__spec__.loader is torchvision.__loader__
found = [name for name in sys.modules if name.startswith("torch._dynamo")]
assert len(found) == {compilers}, found
assert torchvision.supported("cuda") and not torchvision.supported("cpu")
"""
    done = _run(tmp_path, library, code + END)
    assert done.returncode == 0, done.stderr


def test_a_library_that_cannot_be_imported_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    code = """
try:
    import torchvision
except OSError as error:
    assert str(error) == "no such operators"
    assert "torchvision" not in sys.modules
else:
    raise AssertionError
"""
    done = _run(tmp_path, f"{ASKS}raise OSError('no such operators')\n", code + END)
    assert done.returncode == 0, done.stderr


def test_what_is_there_already_stays(tmp_path: Path) -> None:
    code = """
sys.meta_path[:] = sys.meta_path[-finders:]
import torch._dynamo
spare_the_compiler()
assert len(sys.meta_path) == finders
import torchvision
"""
    done = _run(tmp_path, ASKS, code + END)
    assert done.returncode == 0, done.stderr


def test_commands_are_spared_it(tmp_path: Path) -> None:
    code = """
from backbones.terminal.parser import run
def main(argv):
    import torchvision
    print("torch._dynamo" in sys.modules)
run(main)
"""
    assert _run(tmp_path, ASKS, code, begin="import sys").stdout == "False\n"


def test_the_real_one_needs_no_compiler() -> None:
    code = """
import torch, torchvision
assert "torch._dynamo" not in sys.modules
box = torch.tensor([[0.0, 1.0, 1.0, 3.0, 3.0]])
pooled = torchvision.ops.roi_align(torch.ones(1, 1, 4, 4), box, 2)
assert pooled.shape == (1, 1, 2, 2)
"""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
