"""The tools, their versions, and which forms each writes and reads."""

from __future__ import annotations

from dataclasses import dataclass

ALL = ("voc", "coco", "yolo")


@dataclass(frozen=True)
class Tool:
    """Installed without its dependencies, unless `whole`; what the one below lacks is `beside`.

    `writes`, `reads`: forms. Without a version it is part of our own environment.
    """

    version: str
    writes: tuple[str, ...]
    reads: tuple[str, ...]
    beside: tuple[str, ...] = ()
    package: str = ""
    whole: bool = False


# numpy, OpenCV, Pillow, PyYAML, torch and what they bring are those of the environment below
TOOLS = {
    "datumaro": Tool(
        "1.13.12",
        ALL,
        ALL,
        (
            *("attrs==26.1.0", "cachetools==8.0.2", "imagesize==2.0.1", "json-stream==2.5.1"),
            *("json-stream-rs-tokenizer==0.5.4", "lxml==6.1.3", "pandas==2.3.3"),
            *("pyarrow==26.0.1", "pytz==2026.6", "ruamel.yaml==0.19.1", "shapely==2.2.0"),
        ),
    ),
    "globox": Tool("2.9.0", ALL, ALL),
    "label-studio": Tool(
        "2.1.2",
        ALL,
        ("coco",),
        (
            *("appdirs==1.4.4", "ijson==3.6.0", "lxml==6.1.3", "nltk==3.10.4", "pyjwt==2.15.1"),
            *("regex==2026.11.19", "ujson==6.1.0"),
        ),
        "label-studio-sdk",
    ),
    "labelformat": Tool("0.1.17", ALL, ALL, ("pydantic-xml==2.22.0",)),
    "labelimg": Tool("1.8.6", ("voc", "yolo"), ("voc", "yolo"), ("lxml==6.1.3",), "labelImg"),
    "pascal-voc-writer": Tool("0.1.4", ("voc",), ()),
    "pycocotools": Tool("", (), ("coco",)),
    "pylabel": Tool(
        "0.1.55", ALL, ALL, ("bbox-visualizer==1.0.1", "pandas==2.2.3", "pytz==2026.6")
    ),
    "sahi": Tool("0.12.8", ("coco", "yolo"), ("coco",), ("shapely==2.2.0",)),
    "supervision": Tool("0.31.2", ALL, ALL),
    "torchvision": Tool("", (), ("voc", "coco")),
    "ultralytics": Tool("8.4.190", ("yolo",), ("yolo",)),
}
