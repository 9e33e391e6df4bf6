"""Questions to files of any content."""

import struct

import pytest

from resdet.data.other_values import entries, first_object, is_tf_record, numbers, unlike_boxes


@pytest.mark.parametrize("value", [None, 3, "abc", {}, [], [1, None], {"annotations": 3}])
def test_any_value_is_asked(value):
    assert list(entries(value)) == []
    assert first_object(value) == {}
    assert unlike_boxes(value) == frozenset()


def test_keys_of_annotations_without_a_box():
    assert unlike_boxes({"annotations": [{"id": 1}, {"caption": "a dog"}]}) == {"id", "caption"}
    for key in ("bbox", "segmentation"):
        assert unlike_boxes({"annotations": [{"keypoints": [], key: []}]}) == frozenset()


def test_numbers():
    assert numbers(["1", "a", "-2.5e3", ""]) == [1, -2500]


def test_the_checksum_of_a_record():
    # the head of a record of 16 bytes, as TensorFlow writes it
    head = struct.pack("<Q", 16) + struct.pack("<I", 0x1F6E2D7B)
    good = struct.pack("<QI", 16, _masked(16))
    assert is_tf_record(good)
    assert not is_tf_record(head)
    assert not is_tf_record(good[:8])


def _masked(length):
    """By a table, as others compute it."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 * (byte & 1))
        table.append(byte)
    crc = 0xFFFFFFFF
    for byte in struct.pack("<Q", length):
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def test_the_check_value_of_the_polynomial():
    from resdet.data.other_values import _crc32c

    assert _crc32c(b"123456789") == 0xE3069283  # RFC 3720, B.4 and the usual check value
