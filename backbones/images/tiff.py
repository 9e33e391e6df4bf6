"""What the first directory of a TIFF says, which is the one that is decoded."""

from __future__ import annotations

import struct
from collections.abc import Collection

WIDTH, HEIGHT, BITS, ORIENTATION, EXTRA, FORMAT = 256, 257, 258, 274, 338, 339  # tags
UNSIGNED, FLOAT = 1, 3  # of FORMAT
_TYPES = {3: "H", 4: "I", 16: "Q"}
_MOST = 1 << 16  # entries


def tags(data: bytes, wanted: Collection[int]) -> dict[int, int]:
    """The first whole number of each tag that is there.

    Raises: struct.error where the directory is cut.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, at)
    entry = at + (8 if big else 2)
    found: dict[int, int] = {}
    for _ in range(min(count, _MOST)):
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if tag in wanted and kind in _TYPES:
            length, word = ("Q", 8) if big else ("I", 4)
            (many,) = struct.unpack_from(order + length, data, entry + 4)
            place = entry + 4 + word
            if many * struct.calcsize(order + _TYPES[kind]) > word:  # they lie elsewhere
                (place,) = struct.unpack_from(order + length, data, place)
            (found[tag],) = struct.unpack_from(order + _TYPES[kind], data, place)
        entry += 20 if big else 12
    return found
