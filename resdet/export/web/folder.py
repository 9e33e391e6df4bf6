"""The folder: written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from backbones.files.atomic import write_inside
from backbones.files.folder import whole_folder
from backbones.terminal.wording import count
from resdet.export.web.library import LICENCE
from resdet.visualization.draw import PALETTE

THRESHOLD = 0.5  # of the scores that are shown at first


def write_page(
    folder: Path, model: bytes, metadata: Mapping[str, str], library: Mapping[str, bytes]
) -> int:
    """Write a page for an ONNX file that takes a picture of any size; the bytes of all.

    `metadata`: that of the file; `library`: see `find_library`.
    Raises: WriteError where the disk does not take it.
    """
    files = {
        **{file.name: file.read_bytes() for file in _page()},
        "model.onnx": model,
        "page.json": json.dumps({"title": folder.name, **_told(metadata)}, indent=1).encode(),
        **{f"onnxruntime-web/{name}": content for name, content in library.items()},
        "onnxruntime-web/LICENSE.txt": LICENCE.encode(),
    }
    with whole_folder(folder) as fresh:
        for name, content in files.items():
            write_inside(fresh / name, content)
    return sum(map(len, files.values()))


def _page() -> list[Any]:
    page = resources.files("resdet.export.web") / "page"
    return [file for file in page.iterdir() if file.is_file()]


def _told(metadata: Mapping[str, str]) -> dict[str, Any]:
    """What the page says of the model."""
    names = json.loads(metadata["class_names"])
    some = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return {
        "about": f"{metadata['checkpoint']}, {count(len(names), 'class', 'classes')}: {some}",
        "class_names": names,
        "colours": ["#{:02x}{:02x}{:02x}".format(*colour) for colour in PALETTE],
        "threshold": THRESHOLD,
    }
