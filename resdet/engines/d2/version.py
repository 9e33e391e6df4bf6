"""Which detectron2 this is."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
from pathlib import Path

import detectron2


def version() -> str:
    """The release; it has been 0.6 since 2021, so the commit says more."""
    return str(detectron2.__version__)


def commit() -> str:
    """The commit of an installation by pip from git or of a checkout, else "unknown"."""
    try:
        note = importlib.metadata.distribution("detectron2").read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        note = None
    known = json.loads(note or "{}").get("vcs_info", {}).get("commit_id")
    root = Path(detectron2.__file__).resolve().parents[1]
    if known or not (root / ".git").exists():
        return known or "unknown"
    asked = ["git", "-C", str(root), "rev-parse", "HEAD"]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
