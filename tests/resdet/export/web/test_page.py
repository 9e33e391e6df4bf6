"""The page in a real browser finds what torch finds. npm fetches onnxruntime-web."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest

from resdet.export.exportable import load_exportable
from resdet.export.web.folder import write_page
from resdet.export.web.library import find_library

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None or shutil.which("npm") is None, reason="needs both"),
]
SIZES = ((120, 90), (1, 1), (700, 900))
PROBE = """
const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });
const status = () => document.getElementById("status").textContent;
const seen = [];
while (document.getElementById("file").disabled) {
  if (document.getElementById("status").classList.contains("wrong")) break;
  await wait(50);
}
document.getElementById("threshold").value = 0;
for (const name of ["0.png", "1.png", "2.png", "page.css"]) {
  const bytes = await (await fetch(name)).blob();
  const dropped = new DataTransfer();
  dropped.items.add(new File([bytes], name, { type: bytes.type }));
  document.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, cancelable: true }));
  while (!/ms$|must|could/.test(status()) || !status().includes(name)) await wait(50);
  const scores = [...document.querySelectorAll("#found .score")].map((e) => Number(e.textContent));
  seen.push({ status: status(), scores });
}
await fetch("seen", { method: "POST", body: JSON.stringify(seen) });
"""


class _Server(ThreadingHTTPServer):
    said: Any = None
    done = threading.Event()


class _Handler(SimpleHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, _Server)
        self.server.said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        self.server.done.set()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path, exported: tuple[Path, Path]) -> Iterator[tuple[Path, _Server]]:
    """The page with a script that drops pictures on it, and who hears what it saw."""
    folder = tmp_path / "page"
    model = exported[1].read_bytes()
    metadata = {p.key: p.value for p in onnx.load_model_from_string(model).metadata_props}
    write_page(folder, model, metadata, find_library(None))
    index = (folder / "index.html").read_text(encoding="utf-8")
    probe = '<script type="module" src="probe.js"></script></head>'
    (folder / "index.html").write_text(index.replace("</head>", probe), encoding="utf-8")
    (folder / "probe.js").write_text(PROBE, encoding="utf-8")
    with _Server(("127.0.0.1", 0), partial(_Handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, server
        server.shutdown()
        thread.join()


def test_the_browser_finds_what_torch_finds(
    served: tuple[Path, _Server], exported: tuple[Path, Path], tmp_path: Path
) -> None:
    folder, server = served
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (*size, 3), np.uint8) for size in SIZES]
    for at, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{at}.png"), picture[..., ::-1])
    options = ("--headless=new", "--no-sandbox", f"--user-data-dir={tmp_path / 'profile'}")
    url = f"http://127.0.0.1:{server.server_port}/"
    browser = subprocess.Popen([str(CHROMIUM), *options, url], stderr=subprocess.DEVNULL)
    try:
        assert server.done.wait(timeout=240)
    finally:
        browser.kill()
        browser.wait()
    *looked_at, refused = server.said
    detector = load_exportable(exported[0])
    for picture, seen in zip(pictures, looked_at):
        height, width = picture.shape[:2]
        assert f"{width} x {height} pixels" in seen["status"]
        ours = np.sort(detector.detect(picture).scores)[::-1]
        # two digits are shown, and of noise a pixel may be a grey level off
        np.testing.assert_allclose(seen["scores"], ours, atol=0.012)
    assert refused["status"] == "page.css must be a picture that this browser reads, got text/css"
