"""What the control group of this process allows it."""

from __future__ import annotations

from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def cgroup_cores() -> float | None:
    """The quota of processor time in cores, of version 2 or 1; None without one."""
    words = _words(CGROUP / "cpu.max")
    if len(words) != 2:
        folder = CGROUP / "cpu"
        words = _words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us")
    if len(words) != 2 or not all(word.isdecimal() for word in words):
        return None  # "max", or -1
    return int(words[0]) / int(words[1])


def cgroup_memory() -> tuple[int | None, int]:
    """Limit and use in bytes, of version 2 or 1; a limit of None is none."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        text, now = text_of(CGROUP / limit), text_of(CGROUP / used)
        if text.isdecimal() and now.isdecimal():
            return int(text), int(now)
    return None, 0


def text_of(path: Path) -> str:
    """What a file of the system says; "" where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _words(path: Path) -> list[str]:
    return text_of(path).split()
