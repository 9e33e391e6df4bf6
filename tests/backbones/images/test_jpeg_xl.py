"""Sizes as JPEG XL writes them; each head is that of a file of libjxl 0.11."""

import struct

import pytest

from backbones.images.header import header_size
from backbones.images.jpeg_xl import jpeg_xl_size

HEADS = {
    (32, 48): "ff0a07070013080100e000671328",
    (8, 8): "ff0a41060013080100b400671328",
    (31, 47): "ff0af0005c0c0013080100e00067",
    (300, 400): "ff0a58b9010013080100d8c0030c",
    (1080, 1920): "ff0aba211d00130801006c401a64",
    (513, 600): "ff0a0210e84a0c00130801006c40",
    (1, 1): "ff0a0090010013080100b4006713",
    (9000, 3): "ff0a3c1901081800130801006c40",
    (3, 20000): "ff0a10003f9c1800130801006c40",
    (256, 320): "ff0abf070013080100b840030c00",
}
FILE = "0000000c4a584c200d0a870a00000014667479706a786c20000000006a786c20"


@pytest.mark.parametrize("size", HEADS)
def test_the_size_of_a_codestream_and_of_a_file(size):
    head = bytes.fromhex(HEADS[size])
    boxes = {
        "jxlc": struct.pack(">I4s", 8 + len(head), b"jxlc") + head,
        "jxlp": struct.pack(">I4sI", 12 + len(head), b"jxlp", 0) + head,
        "long": struct.pack(">I4sQ", 1, b"jxlc", 16 + len(head)) + head,
        "behind": struct.pack(">I4sI", 12, b"junk", 7)
        + struct.pack(">I4s", 8 + len(head), b"jxlc")
        + head,
    }
    assert jpeg_xl_size(head) == header_size(head) == size
    for inner in boxes.values():
        assert header_size(bytes.fromhex(FILE) + inner) == size


def test_what_is_cut_or_has_no_picture():
    assert header_size(b"\xff\x0a") is None
    assert header_size(bytes.fromhex(FILE)) is None
    assert header_size(bytes.fromhex(FILE) + struct.pack(">I4s", 3, b"junk") + bytes(90)) is None
    with pytest.raises(struct.error):
        jpeg_xl_size(b"\xff\x0a\xba")
