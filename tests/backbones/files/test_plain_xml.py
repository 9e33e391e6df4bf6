"""XML without trust in it."""

import pytest

from backbones.files.plain_xml import parse_xml


def test_a_document_type_is_refused_in_every_encoding():
    text = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    for content in (text.encode(), text.encode("utf-16")):
        with pytest.raises(ValueError, match="a DOCTYPE"):
            parse_xml(content)
    assert parse_xml("<a>b</a>".encode("utf-16")).text == "b"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "an empty file"),
        (b"<a>", "no element found: line 1, column 3"),
        (b'<?xml version="1.0" encoding="none"?><a/>', "unknown encoding"),
    ],
)
def test_what_is_no_xml_is_told(content, told):
    with pytest.raises(ValueError, match=told):
        parse_xml(content)
