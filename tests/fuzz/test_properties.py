"""What holds of any input: numbers stay in their range, and a reader reads or says why not."""

import json
import pickle
import struct

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from backbones.config.schema import default_config as network_config
from backbones.files import numpy_pickle
from backbones.images.header import header_size
from backbones.images.jpeg import jpeg_size
from backbones.weights.checkpoint import FORMAT, backbone_from_payload
from resdet import config
from resdet.config import ConfigError
from resdet.data.validate import Faults
from resdet.data.voc.xml import read_annotation
from resdet.evaluation import from_coco_results, read_comp4, write_comp4
from resdet.evaluation.average_precision import average_precision
from resdet.evaluation.coco.truth import read_truth
from resdet.evaluation.detection_table import DetectionTable
from resdet.evaluation.measures import measured
from resdet.structures import boxes as box

TIMES = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PIXELS = st.floats(-1e4, 1e4, allow_nan=False).map(lambda value: round(value, 2))
BOXES = st.lists(st.tuples(PIXELS, PIXELS, PIXELS, PIXELS), max_size=8).map(
    lambda rows: np.array(rows, np.float64).reshape(-1, 4)
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


def outcome(read):
    """(what is read, None) or (None, what is said against it): a ValueError, nothing else."""
    try:
        return read(), None
    except ValueError as error:
        return None, error


def ordered(boxes):
    return np.concatenate(
        [np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])], axis=1
    )


@TIMES
@given(BOXES, BOXES)
def test_overlaps(first, second):
    overlaps = box.iou(first, second)
    assert ((overlaps >= 0) & (overlaps <= 1)).all()
    np.testing.assert_array_equal(overlaps, box.iou(second, first).T)
    upright = ordered(first)
    whole = box.areas(upright) > 0
    np.testing.assert_allclose(np.diag(box.iou(upright, upright))[whole], 1)
    moved = box.iou(upright + 16, ordered(second) + 16)
    np.testing.assert_allclose(moved, box.iou(upright, ordered(second)), atol=1e-6)


@TIMES
@given(BOXES, st.integers(1, 500), st.integers(1, 500))
def test_forms_of_boxes(boxes, height, width):
    np.testing.assert_allclose(box.from_voc(box.to_voc(boxes)), boxes, atol=1e-9)
    np.testing.assert_allclose(box.from_xywh(box.to_xywh(boxes)), boxes, atol=1e-9)
    inside = box.clip(boxes, height, width)
    assert ((inside >= 0) & (inside <= [width, height, width, height])).all()
    np.testing.assert_array_equal(box.clip(inside, height, width), inside)
    assert (box.areas(inside) <= box.areas(boxes) + 1e-9).all()


def precision_envelope(hits, positives, points):
    """AP by its definition: the mean over recalls of the best precision from there on."""
    found, best = 0, []
    for rank, hit in enumerate(hits, 1):
        found += hit
        best.append((found / positives, found / rank))
    return np.mean([max([p for r, p in best if r >= point], default=0) for point in points])


@TIMES
@given(st.lists(st.booleans(), max_size=25), st.integers(0, 6))
def test_average_precision(hits, missed):
    positives = sum(hits) + missed
    row = np.array(hits, bool)
    for metric in ("area", "11point", "101point"):
        value = average_precision(row, positives, metric)
        if not positives:
            assert value is None
            continue
        assert 0 <= value <= 1
        assert average_precision(np.append(row, False), positives, metric) <= value + 1e-12
        assert average_precision(np.append(row, True), positives + 1, metric) <= 1
        if all(hits) and not missed:
            assert value == pytest.approx(1)
    if positives:
        points = {
            "11point": np.arange(11) / 10 - 1e-12,
            "101point": np.linspace(0, 1, 101),
            "area": (1 + np.arange(positives)) / positives - 1e-12,
        }
        for metric, recalls in points.items():
            expected = precision_envelope(hits, positives, recalls)
            assert average_precision(row, positives, metric) == pytest.approx(expected, abs=1e-9)


FINITE = st.floats(-1e6, 1e6, allow_nan=False)


@st.composite
def tables(draw):
    ids = draw(st.lists(st.from_regex(r"[0-9a-z_-]{1,6}", fullmatch=True), unique=True, max_size=4))
    count = draw(st.integers(0, 12)) if ids else 0
    places = st.integers(0, max(len(ids) - 1, 0))
    return DetectionTable(
        tuple(ids),
        np.array(draw(st.lists(places, min_size=count, max_size=count)), np.int64),
        draw(arrays.arrays(np.float64, (count, 4), elements=FINITE)),
        draw(arrays.arrays(np.int64, count, elements=st.integers(0, 1))),
        draw(arrays.arrays(np.float64, count, elements=FINITE)),
    )  # fmt: skip


def rows(table):
    return sorted(
        (str(table.image_ids[i]), int(label), float(score), *map(float, corners))
        for i, label, score, corners in zip(table.images, table.labels, table.scores, table.boxes)
    )


@settings(TIMES, max_examples=15)  # each waits for the disk
@given(table=tables())
def test_comp4_there_and_back(tmp_path, table):
    write_comp4(tmp_path / "comp4", table, ("a", "b"))
    back = read_comp4(tmp_path / "comp4", ("a", "b"))
    expected = rows(table)
    assert [row[:3] for row in rows(back)] == [row[:3] for row in expected]
    np.testing.assert_allclose(
        np.array([row[3:] for row in rows(back)]).reshape(-1, 4),
        np.array([row[3:] for row in expected]).reshape(-1, 4),
        atol=1e-9,
    )


@TIMES
@given(content=st.binary(max_size=200) | st.text("0123456789 .e+-\tnaif\r\n", max_size=200))
def test_comp4_of_anything(tmp_path, content):
    (tmp_path / "comp4_det_test_a.txt").write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )
    table, error = outcome(lambda: read_comp4(tmp_path, ("a",)))
    if table is None:
        assert "comp4_det_test_a.txt" in str(error)
    else:
        assert np.isfinite(table.boxes).all()
        assert np.isfinite(table.scores).all()
        assert len(table) == len(table.images) == len(table.labels)


CORNER = PLAIN.map(str) | PIXELS.map(str)
XML = st.binary(max_size=120) | st.lists(CORNER, min_size=5, max_size=5).map(
    lambda words: (
        "<annotation><size><width>{4}</width><height>9</height></size><object><name>a"
        "</name><bndbox><xmin>{0}</xmin><ymin>{1}</ymin><xmax>{2}</xmax><ymax>{3}</ymax></bndbox>"
        "</object></annotation>".format(*words).encode("utf-8", "replace")
    )
)


@TIMES
@given(content=XML)
def test_xml_of_anything(tmp_path, content):
    (tmp_path / "a.xml").write_bytes(content)
    faults = Faults("data")
    found = read_annotation(tmp_path / "a.xml", faults)
    assert found is not None or faults.found
    assert all("a.xml" in fault for fault in faults.found)
    if found is not None:
        assert np.isfinite(np.array(found.corners)).all()
        assert found.size is None or min(found.size) >= 1


ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "image_id": PLAIN | st.integers(0, 3),
        "category_id": PLAIN | st.integers(1, 2),
        "bbox": PLAIN | st.lists(PIXELS, min_size=4, max_size=4),
        "score": PLAIN | st.floats(0, 1),
        "category_name": PLAIN | st.sampled_from(["a", "b"]),
    },
)


@TIMES
@given(entries=st.lists(ENTRY | PLAIN, max_size=4) | PLAIN)
def test_results_of_anything(tmp_path, entries):
    path = tmp_path / "r.json"
    path.write_text(json.dumps(entries))
    table, error = outcome(lambda: from_coco_results(path, (1, 2), ("a", "b")))
    if table is None:
        assert not isinstance(error, (UnicodeError, json.JSONDecodeError))
    else:
        assert np.isfinite(table.boxes).all()
        assert set(table.labels) <= {0, 1}


LISTS = dict.fromkeys(("images", "annotations", "categories"), PLAIN)


@TIMES
@given(PLAIN | st.fixed_dictionaries(LISTS))
def test_annotations_and_measures_of_anything(content):
    for read in (lambda: read_truth(content, None), lambda: measured(content, "r.json")):
        assert len(str(outcome(read)[1])) < 2000


def leaves(node, prefix=""):
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


DETECTION = dict(leaves(config.default_config()))
NETWORK = dict(leaves(network_config()))


@TIMES
@given(st.dictionaries(st.sampled_from(sorted(DETECTION)), PLAIN, max_size=4), st.booleans())
def test_config_of_anything(values, training):
    content = {}
    for key, value in values.items():
        *parents, leaf = key.split(".")
        node = content
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = value
    text = yaml.safe_dump(content)
    cfg, error = outcome(lambda: config.loads(text, "c"))
    if cfg is not None:
        _, error = outcome(lambda: config.check(cfg, training=training))
    assert error is None or isinstance(error, ConfigError)
    assert len(str(error)) < 5000
    if error is None:
        for key, value in leaves(cfg):
            assert DETECTION[key] is None or type(value) is type(DETECTION[key]), key


@TIMES
@given(st.sampled_from(sorted(NETWORK)), PLAIN)
def test_config_of_a_network_of_anything(key, value):
    from backbones.config import load_classification

    _, error = outcome(lambda: load_classification("shapes_resnet18", [key, repr(value)]))
    assert error is None or isinstance(error, ConfigError)
    assert len(str(error)) < 5000


HEADER = {"format", "arch", "num_classes", "model", "preprocessing", "recipe", "hash", "meta"}


@TIMES
@given(st.dictionaries(st.sampled_from(sorted(HEADER)), PLAIN, min_size=6), st.booleans())
def test_checkpoint_header_of_anything(payload, whole):
    if whole:
        payload = dict.fromkeys(HEADER) | payload
    with pytest.raises(ValueError, match="a.pth"):
        backbone_from_payload(payload | {"format": FORMAT}, "a.pth")


STARTS = (
    *(b"\xff\xd8", b"\xff\xd8\xff\xe1\x00\x20Exif\0\0II*\0", b"\xff\x4f\xff\x51", b"BM", b""),
    *(b"RIFF\0\0\0\0WEBPVP8 ", b"RIFF\0\0\0\0WEBPVP8X", b"RIFF\0\0\0\0WEBPVP8L", b"GIF89a"),
    *(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", b"\0\0\0\x0cjP  ", b"\0\0\0\x20ftypavif", b"P6\n"),
    *(b"II*\0\x08\0\0\0", b"MM\0+\0\x08\0\0"),
)


@TIMES
@given(st.sampled_from(STARTS), st.binary(max_size=80))
def test_image_header_of_anything(start, rest):
    for data in (start + rest, start + rest.replace(b"\x01", b"\xff")):
        size = header_size(data)
        assert size is None or (min(size) >= 0 and max(size) < 2**64)
        try:
            jpeg_size(data)
        except struct.error:  # cut within a number, which its callers expect
            assert data[:2] == b"\xff\xd8"


ARRAYS = arrays.arrays(
    st.sampled_from([np.uint8, np.float32, np.int64, np.dtype(">f8"), np.bool_]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@TIMES
@given(value=st.dictionaries(st.text(max_size=3) | st.binary(max_size=3), ARRAYS, max_size=3),
       protocol=st.integers(0, 5))  # fmt: skip
def test_pickle_there_and_back(tmp_path, value, protocol):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(value, protocol))
    back = numpy_pickle.load(tmp_path / "a.pkl")
    assert back.keys() == value.keys()
    for key, array in value.items():
        np.testing.assert_array_equal(back[key], array)


SOUND = pickle.dumps({"a": [np.arange(3), "b", 1.5], b"c": (None, True)}, 2)
PARTS = [SOUND[i : i + 9] for i in range(0, len(SOUND), 9)]


@TIMES
@given(parts=st.lists(st.binary(max_size=6) | st.sampled_from(PARTS), max_size=20))
def test_pickle_of_anything(tmp_path, parts):
    (tmp_path / "a.pkl").write_bytes(b"".join(parts))
    _, error = outcome(lambda: numpy_pickle.load(tmp_path / "a.pkl"))
    assert error is None or "a.pkl" in str(error)
    assert len(str(error)) < 1000
