"""No module opens, renames or copies a file by another way than backbones/files, by reading all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OF_A_PATH = {"touch", "symlink_to", "hardlink_to"}
OF_A_PATH_AND_ONE = {"write_text", "write_bytes", "rename", "replace"}  # else ours, a text's ...
OF_A_LIBRARY = {
    "os": {"rename", "renames", "replace", "link", "symlink", "fdopen", "mkfifo", "truncate"},
    "shutil": {"copy", "copy2", "copyfile", "copytree", "move", "make_archive", "copyfileobj"},
    "tempfile": {
        *("mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryFile", "TemporaryDirectory"),
        "SpooledTemporaryFile",
    },
    "cv2": {"imwrite", "imwritemulti", "VideoWriter", "FileStorage"},
    "np": {"save", "savez", "savez_compressed", "savetxt"},
    "torch": {"save"},
    "torch.export": {"save"},
    "safetensors.torch": {"save_file"},
    "logging": {"FileHandler"},
}
ANYBODYS = {"savefig", "SummaryWriter", "tofile", "save_file"}
EXCEPTIONS = {
    "backbones/benchmarks/": "into temporary folders of their own",
    "backbones/files/": "the way itself",
    "resdet/benchmarks/": "into temporary folders of their own",
    "backbones/export/openvino_ir.py: tempfile.TemporaryDirectory": "it writes to files alone",
    "backbones/export/formats.py: torch.export.save": "into a file of atomic_write",
    "resdet/export/least_score.py: torch.export.save": "into memory",
    "backbones/images/inspect.py: tempfile.TemporaryFile": "what a decoder says, without a name",
    "backbones/terminal/elastic.py: .write_text": "torchrun's own file",
    "backbones/training/boards.py: SummaryWriter": "TensorBoard's log, which grows",
    "backbones/training/curves.py: savefig": "into a file of atomic_write",
    "backbones/training/runlog.py: .open": "logs, which grow",
    "backbones/weights/checkpoint.py: torch.save": "into a file of atomic_write",
    "resdet/doctor/machine.py: tempfile.NamedTemporaryFile": "whether a folder takes a file",
    "resdet/export/web/library.py: tempfile.TemporaryDirectory": "of npm, which writes files alone",
    "resdet/visualization/video.py: .open": "under a name of atomic_path",
    "resdet/visualization/video.py: cv2.VideoWriter": "under a name of atomic_path",
}


def writers(code: str) -> Iterator[str]:
    """The calls of Python code that write, rename or copy a file."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            yield from _written(node)
        elif isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            yield from (
                f"{node.module}.{name}"
                for name in sorted(names & OF_A_LIBRARY.get(str(node.module), set()))
            )


def _written(call: ast.Call) -> Iterator[str]:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)
    owner = ast.unparse(function.value) if isinstance(function, ast.Attribute) else ""
    if name in OF_A_LIBRARY.get(owner, ()):
        yield from [] if _into_memory(call) else [f"{owner}.{name}"]
    elif name in ANYBODYS:
        yield from [] if _into_memory(call) else [name]
    elif owner and (name in OF_A_PATH or (name in OF_A_PATH_AND_ONE and len(call.args) == 1)):
        yield f".{name}"
    elif name == "open" and not _only_reads(call):
        yield ".open" if owner else "open"


def _into_memory(call: ast.Call) -> bool:
    return any(isinstance(value, ast.Name) and value.id == "buffer" for value in call.args)


def _only_reads(call: ast.Call) -> bool:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    texts = [*call.args, named.get("mode")]
    modes = [v.value for v in texts if isinstance(v, ast.Constant) and isinstance(v.value, str)]
    writes = any(set(mode) & set("wax+") and set(mode) <= set("rwaxbt+:") for mode in modes)
    return "fileobj" in named or not writes


def modules() -> list[Path]:
    return sorted(p for part in ("backbones", "resdet") for p in ROOT.glob(f"{part}/**/*.py"))


def found() -> dict[str, list[str]]:
    """Each exception with what it excuses; under "" what nothing does."""
    told: dict[str, list[str]] = {"": [], **{exception: [] for exception in EXCEPTIONS}}
    for path in modules():
        where = path.relative_to(ROOT).as_posix()
        for call in writers(path.read_text(encoding="utf-8")):
            excused = [e for e in EXCEPTIONS if e == f"{where}: {call}" or _below(where, e)]
            told[excused[0] if excused else ""].append(f"{where}: {call}")
    return told


def _below(where: str, exception: str) -> bool:
    return exception.endswith("/") and where.startswith(exception)


def test_files_are_written_by_backbones_files_alone() -> None:
    assert len(modules()) > 200
    told = found()
    assert told.pop("") == []
    assert [exception for exception, calls in told.items() if not calls] == []


@pytest.mark.parametrize(
    ("code", "call"),
    [
        ("open('a', 'w')", "open"),
        ("Path('a').open(mode='ab')", ".open"),
        ("av.open(name, 'w')", ".open"),
        ("path.write_text('a')", ".write_text"),
        ("path.rename(other)", ".rename"),
        ("path.replace(other)", ".replace"),
        ("os.replace(a, b)", "os.replace"),
        ("from shutil import copyfile", "shutil.copyfile"),
        ("cv2.imwrite(name, image)", "cv2.imwrite"),
        ("np.savez(path, a=1)", "np.savez"),
        ("figure.savefig(path)", "savefig"),
        ("torch.save(state, path)", "torch.save"),
    ],
)
def test_what_writes_is_seen(code: str, call: str) -> None:
    assert list(writers(code)) == [call]


@pytest.mark.parametrize(
    "code",
    [
        "open('a.txt', 'rb')",
        "open(path)",
        "'a'.replace('a', 'b')",
        "tarfile.open(fileobj=packed, mode='w')",
        "outputs.write_text(path, text)",
        "write_bytes(path, data)",
        "figure.savefig(buffer, format='png')",
        "np.savez(buffer, a=1)",
        "keymaps.rename(weights, names, source)",
    ],
)
def test_what_reads_is_not(code: str) -> None:
    assert list(writers(code)) == []
