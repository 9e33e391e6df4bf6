"""Tags of the first directory, in each order of bytes and of each length."""

import struct

import pytest

from backbones.images.tiff import tags


def directory(order, entries, big):
    mark = {"<": b"II", ">": b"MM"}[order]
    if big:
        head = mark + struct.pack(order + "HHHQQ", 43, 8, 0, 16, len(entries))
    else:
        head = mark + struct.pack(order + "HIH", 42, 8, len(entries))
    behind = len(head) + (20 if big else 12) * len(entries)
    body, more = b"", b""
    word, length = ("Q", 8) if big else ("I", 4)
    for tag, kind, values in entries:
        packed = struct.pack(order + {3: "H", 4: "I"}[kind] * len(values), *values)
        if len(packed) > length:
            value = struct.pack(order + word, behind + len(more))
            more += packed
        else:
            value = packed.ljust(length, b"\0")
        body += struct.pack(order + "HH" + word, tag, kind, len(values)) + value
    return head + body + more


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_the_first_value_of_what_is_asked_for(order, big):
    entries = [(256, 4, [70]), (258, 3, [16, 8, 8, 8, 8]), (274, 3, [6]), (300, 3, [1])]
    data = directory(order, entries, big)
    assert tags(data, (256, 258, 274, 339)) == {256: 70, 258: 16, 274: 6}


def test_a_cut_directory():
    data = directory("<", [(256, 4, [70]), (257, 4, [48])], False)
    with pytest.raises(struct.error):
        tags(data[:30], (256, 257))
