"""The page's folder: everything that it names is in it, and nothing lies outside."""

from __future__ import annotations

import json
import re
from pathlib import Path

from resdet.export.web.folder import write_page

METADATA = {"class_names": json.dumps(["<b>cat</b>", "dog"]), "checkpoint": "model_best.pth"}
LIBRARY = {"ort.wasm.bundle.min.mjs": b"export {}", "ort-wasm-simd-threaded.wasm": b"\0asm"}


def test_every_file_that_the_page_names_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "cats"
    write_page(folder, b"onnx", METADATA, LIBRARY)
    named = set()
    for file in [*folder.glob("*.html"), *folder.glob("*.js")]:
        text = file.read_text(encoding="utf-8")
        named |= set(re.findall(r'(?:href|src|from|fetch\(|URL\(|Worker\()[= ]?"([^"#]+)"', text))
        outside = re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text)
        assert not outside, file
    assert {"page.css", "page.js", "worker.js", "model.onnx", "page.json"} <= named
    assert all((folder / name).is_file() for name in named)
    assert (folder / "model.onnx").read_bytes() == b"onnx"


def test_every_element_that_the_script_asks_for_is_on_the_page(tmp_path: Path) -> None:
    write_page(tmp_path / "cats", b"onnx", METADATA, LIBRARY)
    script = (tmp_path / "cats/page.js").read_text(encoding="utf-8")
    page = (tmp_path / "cats/index.html").read_text(encoding="utf-8")
    asked = set(re.findall(r'\$\("([a-z]+)"\)', script))
    assert asked
    assert asked <= set(re.findall(r'id="([a-z]+)"', page))


def test_what_is_told_of_the_model(tmp_path: Path) -> None:
    write_page(tmp_path / "cats", b"onnx", METADATA, LIBRARY)
    told = json.loads((tmp_path / "cats/page.json").read_text(encoding="utf-8"))
    assert told["title"] == "cats"
    assert told["about"] == "model_best.pth, 2 classes: <b>cat</b>, dog"
    assert told["class_names"] == ["<b>cat</b>", "dog"]
    assert told["colours"][0] == "#e69f00"
