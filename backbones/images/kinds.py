"""What kind of image a file is, by its content: names are often wrong."""

from __future__ import annotations

import re

PNG = b"\x89PNG\r\n\x1a\n"  # its first bytes
PNM = re.compile(rb"P[1-6](?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})\s")
PNM_HEAD = 1 << 16  # bytes in which the sizes stand, behind comments
JPEG_2000 = b"\xff\x4f\xff\x51"  # of a bare codestream, and ahead of it in a file

_BEGINS = (
    ("JPEG", 0, b"\xff\xd8"),
    ("PNG", 0, PNG),
    ("BMP", 0, b"BM"),
    ("GIF", 0, b"GIF87a"),
    ("GIF", 0, b"GIF89a"),
    *(("TIFF", 0, mark) for mark in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    ("JPEG 2000", 4, b"jP  "),
    ("JPEG 2000", 0, JPEG_2000),
    ("JPEG XL", 0, b"\xff\x0a"),
    ("JPEG XL", 4, b"JXL \r\n\x87\n"),
)
_OTHERS = (  # which nothing here decodes, but which lie among images
    ("Photoshop", 0, b"8BPS"),
    ("OpenEXR", 0, b"\x76\x2f\x31\x01"),
    ("Radiance", 0, b"#?R"),
    ("PFM", 0, b"PF\n"),
    ("PFM", 0, b"Pf\n"),
    ("PDF", 0, b"%PDF"),
    ("SVG", 0, b"<svg"),
    ("NumPy", 0, b"\x93NUMPY"),
    ("DICOM", 128, b"DICM"),
)
FOREIGN = frozenset(kind for kind, _, _ in _OTHERS)
_AVIF, _HEIC = (b"avif", b"avis"), (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx")
_MOST_BRANDS = 256  # bytes of them
# of a TGA, which begins with no mark: kind of colour map and of image, bits of a pixel
_TGA = re.compile(rb".(?:\0[\x02\x03\x0a\x0b]|\x01[\x01\x09]).{13}[\x08\x0f\x10\x18\x20].", re.S)


def kind_of(data: bytes) -> str:
    """As in "JPEG" or "JPEG XL"; "" where `data` begins as no image does."""
    for kind, at, mark in (*_BEGINS, *_OTHERS):
        if data.startswith(mark, at):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[4:8] == b"ftyp":
        return _by_brand(data)
    if PNM.match(data[:PNM_HEAD]):
        return "PNM"
    return "TGA" if _TGA.match(data[:18]) and data[12:14] != b"\0\0" != data[14:16] else ""


def _by_brand(data: bytes) -> str:
    """Of AVIF and HEIC, which say what they are in a list; films begin so too."""
    length = min(int.from_bytes(data[:4], "big"), _MOST_BRANDS)
    brands = [data[at : at + 4] for at in (8, *range(16, length, 4))]
    if brands[0] not in (*_AVIF, *_HEIC, b"mif1", b"msf1"):
        return ""
    return "AVIF" if any(brand in _AVIF for brand in brands) else "HEIC"
