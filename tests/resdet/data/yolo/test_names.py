"""The class names of YOLO data: every file that has them, and those that should."""

import pytest

from resdet.data.discover import discover
from resdet.data.yolo.names import names_in, yaml_of
from resdet.data.yolo.reader import load_yolo

SPLITS = "train: images\n"


@pytest.fixture
def bare(tmp_path, lay):
    """Two images with labels of class 0, and nothing that names it."""
    lay.yolo(tmp_path, 2)
    (tmp_path / "data.yaml").unlink()
    return tmp_path


def test_aliases_that_stand_for_a_billion_values_are_told(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 7)]
    lines += ["path: *a6", "train: *a6", "names: [x]"]
    (tmp_path / "data.yaml").write_text("\n".join(lines))
    with pytest.raises(ValueError, match=r"data\.yaml must be YAML, got aliases that stand for"):
        yaml_of(tmp_path)


def test_one_yaml_tells_the_data(tmp_path):
    for name in ("a.yaml", "b.yml"):
        (tmp_path / name).write_text("train: images\nnames: [no]\n")
    with pytest.raises(
        ValueError, match=r"must hold one file .*, got a\.yaml, b\.yml; call the one"
    ):
        yaml_of(tmp_path)
    (tmp_path / "data.yaml").write_text("val: images\nnc: 1\n")
    assert yaml_of(tmp_path) == tmp_path / "data.yaml"


@pytest.mark.parametrize("name", ["data.yaml", "dataset.yml", "mine.yaml"])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            "names: [Fu\xdfg\xe4nger]\n".encode("cp1252"),
            "UTF-8 text, got byte 0xdf in line 2; save",
        ),
        ("names: [cat]\n".encode("utf-16"), "UTF-8 text, got UTF-16 in line 1; save it as UTF-8"),
        (b"names: ['driver's seat', 'b']\n", "YAML, got expected ',' or ']', .* in line 2; repair"),
        (b"names:\n\t- cat\n", "YAML, got found character .* cannot start any token in line 3"),
        (b"names: [cat]\nnames: [dog]\n", "YAML, got 'names' twice in one mapping"),
    ],
)
def test_a_yaml_that_cannot_be_read_is_no_yaml_that_is_not_there(bare, name, content, told):
    text = SPLITS.encode("utf-16" if b"\0" in content else "utf-8")
    (bare / name).write_bytes(text + content.removeprefix(b"\xff\xfe"))
    for data in (bare, bare / name):
        with pytest.raises(ValueError, match=f"{name} must be {told}"):
            discover(data)


@pytest.mark.parametrize(
    "content", ["", "train: images\n", "names:\n", "names: []\nnc:\n", "- a\n"]
)
def test_a_yaml_without_names_is_told(bare, content):
    (bare / "data.yaml").write_text(content)
    with pytest.raises(ValueError, match=r"data\.yaml must name the classes, got none; write"):
        discover(bare)
    (bare / "classes.txt").write_text("cat\ndog\n")
    assert discover(bare).class_names == ("cat", "dog")


@pytest.mark.parametrize(
    "place", ["data.yaml", "dataset.yaml", "supervision.yaml", "labels/data.yml"]
)
def test_names_alone_are_enough(bare, place):
    (bare / place).write_text("\ufeffnc: 3\nnames: [white cell, cell, never]\n", encoding="utf-8")
    found = discover(bare)
    assert (found.class_names, found.counts) == (("white cell", "cell", "never"), {"all": 2})
    assert (found.why, found.own_classes) == (place, True)


def test_a_count_alone_numbers_them(bare):
    (bare / "data.yaml").write_text("nc: 3\n")
    assert load_yolo(bare, "all").class_names == ("class_0", "class_1", "class_2")


def test_names_in_a_file_of_their_own(bare):
    (bare / "mine.names").write_text("cat\ndog\n")
    (bare / "data.yaml").write_text(f"{SPLITS}nc: 2\nnames: C:\\Users\\me\\mine.names\n")
    assert discover(bare).class_names == ("cat", "dog")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("names: [cat, '']", "names must be a list of class names"),
        ("names: gone.names", "names must be a list of class names, .*got gone.names"),
        ("names: [cat]\nnc: two", "nc must be the number of classes, got 'two'"),
        ("names: [cat]\nnc: 2", "nc must be 1, the names that it lists, got 2"),
        ("names: {0: cat, 2: dog}", "numbered from 0 without a gap, got 0, 2"),
    ],
)
def test_names_that_are_none(bare, content, told):
    (bare / "data.yaml").write_text(SPLITS + content)
    with pytest.raises(ValueError, match=told):
        discover(bare)
    (bare / "data.yaml").write_text(content)  # nor without splits
    with pytest.raises(ValueError, match=told):
        discover(bare)


def test_the_names_of_obj_data(bare):
    (bare / "train.txt").write_text("images/0.jpg\n")
    file = bare / "obj.data"
    file.write_text("classes = 2\ntrain = data/train.txt\nnames = data/obj.names\n")
    with pytest.raises(ValueError, match=r"obj\.data: names must be a file in .*got 'data/obj\.na"):
        discover(bare)
    (bare / "obj.names").write_text("cat\n")
    with pytest.raises(
        ValueError, match=r"obj\.data: nc must be 1, the names that it lists, got 2"
    ):
        discover(bare)
    (bare / "obj.names").write_text("cat\ndog\n")
    assert discover(bare).class_names == ("cat", "dog")


def test_lists_that_differ_are_told(bare):
    for name in ("classes.txt", "images/classes.txt"):
        (bare / name).write_text("cat\ndog\n")
    assert names_in([bare, bare / "images"]) == (bare / "classes.txt", ("cat", "dog"))
    (bare / "images/classes.txt").write_text("cat\ndog\nbird\n")  # a session that went on
    assert discover(bare).class_names == ("cat", "dog", "bird")
    (bare / "classes.txt").write_text("dog\ncat\n")
    with pytest.raises(
        ValueError, match=r"must list the same classes in the same order, got cat, d"
    ):
        discover(bare)
    (bare / "classes.txt").write_text("\n")
    (bare / "images/classes.txt").unlink()
    with pytest.raises(ValueError, match=r"classes\.txt must name a class on each line, got none"):
        discover(bare)


def test_yaml_of_another_purpose_is_passed_over(bare):
    (bare / "broken.yaml").write_text("[")
    (bare / "config.yaml").write_text("names: x\n")
    (bare / "._data.yaml").write_bytes(b"\0\5names: [\n")
    assert discover(bare).why == "labels beside images"
