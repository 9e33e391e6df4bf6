"""What kind of film a file is, by its content: names are often wrong.

FFmpeg goes by content too, and would follow a playlist to any file or host that it names: what is
told here is what it is held to.
"""

from __future__ import annotations

import struct
from pathlib import Path

from backbones.images.kinds import kind_of

VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v")  # what a drawn film may be called
TRANSPORT = "mpegts"
_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")  # that begin a QuickTime
_BEGINS = (  # FFmpeg's name of a kind
    ("matroska", b"\x1aE\xdf\xa3"),
    ("mpeg", b"\0\0\1\xba"),
    ("mpegvideo", b"\0\0\1\xb3"),
    ("asf", bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")),  # Windows Media
    ("ogg", b"OggS\0"),
)
_PACKETS = ((0, 188), (4, 192))  # where the first sync byte lies, and how far they are apart
_HEAD = 1 << 12


def film_kind(path: Path) -> str:
    """As FFmpeg calls it, such as mov, of which mp4 and 3gp are; "" of what is no film."""
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return ""
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[:4] == b"FLV\1" and head[5:9] == b"\0\0\0\x09":
        return "flv"
    if head[4:8] in _BOXES:
        return "" if kind_of(head) else "mov"  # AVIF and HEIC begin so too
    if any(_syncs(head, first, step) for first, step in _PACKETS):
        return TRANSPORT
    return next((kind for kind, mark in _BEGINS if head.startswith(mark)), "")


def _syncs(head: bytes, first: int, step: int) -> bool:
    places = range(first, len(head), step)
    return len(places) > 2 and all(head[at] == 0x47 for at in places)


def lacks_index(path: Path) -> bool:
    """Whether a QuickTime file has no `moov`, without which no frame is found: it was cut short."""
    with open(path, "rb") as file:
        size, at = path.stat().st_size, 0
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length, name = struct.unpack_from(">I4s", head)
            if name == b"moov":
                return at + length > size
            if length == 1 and len(head) == 16:
                (length,) = struct.unpack_from(">Q", head, 8)
            if length < 8:  # to the end, or no box
                return False
            at += length
    return True
