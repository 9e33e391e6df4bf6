"""A split of VOC's form by its words, and what its files tell."""

from resdet.data.voc.source import details, is_there, list_name, load, parse
from resdet.data.writing import Details

BOX = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
TURNED = "<attributes><attribute><name>rotation</name><value>{}</value></attribute></attributes>"
THING = f"<object><name>cat</name>{{}}{BOX}</object>"


def test_a_split_is_named_after_its_folder(write_voc, tmp_path):
    write_voc({"a": THING.format(""), "b": ""})
    source = parse(("voc", "train")).below(tmp_path)
    assert is_there(source)
    assert not is_there(parse(("gone", "train")).below(tmp_path))
    assert parse(("voc",)) is None
    data = load(source, class_names=("cat",))
    assert (data.name, len(data)) == ("voc_train", 2)
    assert list_name(source, data.records[1]) == "b"
    (tmp_path / "some.txt").write_text("b\n")
    listed = load(parse(("voc", "some.txt")).below(tmp_path), class_names=("cat",))
    assert (listed.name, [r.image_id for r in listed.records]) == ("voc_some", ["b"])


def test_flags_poses_and_further_tags(write_voc, tmp_path):
    flags = "<pose>Left</pose><truncated>1</truncated><occluded>0</occluded>"
    body = "".join(
        [
            THING.format(flags),
            THING.format("<pose>Unspecified</pose>"),
            THING.format("<part><name>ear</name></part>"),
            THING.format(TURNED.format(30)),
            THING.format(TURNED.format(0)),
        ]
    )
    write_voc({"a": body})
    source = parse(("voc", "train")).below(tmp_path)
    (found,) = details(source, load(source, class_names=("cat",))).values()
    assert found == [
        Details({"truncated": 1, "pose": "Left"}),
        Details(),
        Details(others=True),
        Details({"rotation": 30}, others=True),
        Details(others=True),
    ]
