"""The runtimes by name, and which one runs a file. Imports none of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from backbones.files.torch_file import is_saved
from backbones.machine.versions import importable, version
from backbones.terminal.wording import nearest

if TYPE_CHECKING:
    from resdet.runtimes.program import Program

AUTO, TORCH = "auto", "torch"
EXPORTED = (".onnx", ".xml", ".pt2")


@dataclass(frozen=True)
class Runtime:
    """A package, the extra that installs it, the files it runs, and our module that asks it to."""

    package: str
    extra: str
    suffixes: tuple[str, ...]
    module: str

    @property
    def installed(self) -> bool:
        """Whether it can be imported."""
        return importable(self.package)

    @property
    def version(self) -> str:
        """Of its package."""
        return version(self.package)

    def opened(self, source: Path | bytes, threads: int) -> Program:
        """A file, or the bytes of an ONNX file, ready to be started."""
        module = importlib.import_module(self.module)
        return cast("Callable[[Path | bytes, int], Program]", module.open_program)(source, threads)


# the fastest on a CPU first: resdet benchmark infer-det
RUNTIMES: Mapping[str, Runtime] = {
    "openvino": Runtime("openvino", "openvino", (".xml", ".onnx"), "resdet.runtimes.by_openvino"),
    "onnxruntime": Runtime("onnxruntime", "onnx", (".onnx",), "resdet.runtimes.by_onnxruntime"),
    TORCH: Runtime(TORCH, "", (".pt2",), "resdet.runtimes.by_torch"),
}
_USUAL = {".onnx": "onnxruntime", ".xml": "openvino", ".pt2": TORCH}
CONVERTERS = ("onnx", "onnxscript")  # which make of a checkpoint what the others run


def is_exported(path: Path) -> bool:
    """Whether a file is, by its name, a graph of resdet export, and none that torch.save wrote."""
    return path.suffix in EXPORTED and not is_saved(path)


def of_file(path: Path, asked: str) -> str:
    """The runtime of an exported file; "" is that which the file is made for.

    Raises: ValueError if there is no such runtime, it does not run such files, or it is absent.
    """
    able = [name for name, runtime in RUNTIMES.items() if path.suffix in runtime.suffixes]
    known(asked)
    chosen = asked or _USUAL[path.suffix]
    if asked == AUTO:
        chosen = next((name for name in able if RUNTIMES[name].installed), able[-1])
    if chosen not in able:
        raise ValueError(
            f"--runtime must be {' or '.join(able)} for a {path.suffix} file, got {chosen} for "
            f"{path}; leave it out"
        )
    others = [name for name in able if name != chosen and RUNTIMES[name].installed]
    way_out = f", or give --runtime {others[0]}" if others else ""
    check_installed(chosen, (), way_out)
    return chosen


def of_checkpoint(asked: str, only_torch: Sequence[str]) -> str:
    """The runtime of a checkpoint; "" is torch, as is auto where `only_torch` names a reason.

    Raises: ValueError if there is no such runtime, it is absent, or asked for what only torch does.
    """
    known(asked)
    if asked in ("", TORCH):
        return TORCH
    if asked == AUTO:
        able = [name for name in RUNTIMES if name == TORCH or not absent(name, CONVERTERS)]
        return TORCH if only_torch else able[0]
    if only_torch:
        raise ValueError(
            f"--runtime must be torch with {', '.join(only_torch)}, got {asked}; leave out the one "
            "or the other"
        )
    check_installed(asked, CONVERTERS, ", or give --runtime torch")
    return asked


def why_torch(only_torch: Sequence[str]) -> str:
    """What `of_checkpoint` has found where `auto` is torch, as a line."""
    if only_torch:
        return f"runtime: torch, which alone does {', '.join(only_torch)}"
    fastest = next(iter(RUNTIMES))
    return (
        f"runtime: torch, as there is no {' and no '.join(absent(fastest, CONVERTERS))}; "
        f"pip install '.[{RUNTIMES[fastest].extra}]' for one that is often faster"
    )


def known(asked: str) -> None:
    """Raises: ValueError for a name that is none."""
    names = (TORCH, "openvino", "onnxruntime", AUTO)
    if asked not in ("", *names):
        raise ValueError(
            f"--runtime must be {', '.join(names[:-1])} or {names[-1]}, got "
            f"{asked!r}{nearest(asked, names)}"
        )


def absent(name: str, beside: Sequence[str] = ()) -> list[str]:
    """Packages that a runtime lacks, those `beside` it among them."""
    return [p for p in (RUNTIMES[name].package, *beside) if not importable(p)]


def check_installed(name: str, beside: Sequence[str] = (), way_out: str = "") -> None:
    """Raises: ValueError that says how to install what a runtime lacks."""
    if lacking := absent(name, beside):
        raise ValueError(
            f"--runtime {name} must be installed, got no {' and no '.join(lacking)}; "
            f"pip install '.[{RUNTIMES[name].extra}]'{way_out}"
        )
