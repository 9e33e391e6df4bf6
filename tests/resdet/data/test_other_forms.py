"""Files of other tools, told by what is in them."""

import json
import struct

import pytest

from resdet.data.coco.reader import load_coco
from resdet.data.discover import discover
from resdet.data.other_forms import OTHERS, other_form, other_forms
from tests.resdet.data.test_other_values import _masked

KITTI = "Car 0.00 0 -1.58 587.01 173.33 614.12 200.12 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59\n"
DOTA = "2753 2408 2861 2385 2888 2468 2805 2502 plane 0\n"
RESULT = {"type": "rectanglelabels", "value": {"x": 1, "y": 2, "width": 3, "height": 4}}
MIN = {"x": 1, "y": 2, "width": 3, "height": 4, "rectanglelabels": ["a"]}
SIZE = {"original_width": 60, "original_height": 40}
VIA_HEAD = "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes\n"
COCO = {"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [{"id": 1, "name": "a"}]}
CASES = {
    "CVAT for video 1.1": (
        "annotations.xml",
        '<annotations><track id="0" label="a"><box frame="0" xtl="1"/></track></annotations>',
    ),
    "LabelMe 3.0's XML": (
        "a.xml",
        "<annotation><filename>a.jpg</filename><object><name>a</name><polygon><pt><x>1</x><y>2</y>"
        "</pt></polygon></object></annotation>",
    ),
    "Label Studio's JSON": (
        "project-1.json",
        [
            {
                "id": 1,
                "data": {"image": "/data/upload/1/a.jpg"},
                "annotations": [{"result": [RESULT]}],
            }
        ],
    ),
    "Label Studio's JSON-MIN": ("min.json", [{"id": 1}, {"image": "a.jpg", "box": [MIN | SIZE]}]),
    "CreateML's JSON": (
        "pics.json",
        [{"image": "a.jpg", "annotations": [{"label": "a", "coordinates": {"x": 1}}]}],
    ),
    "a project of VIA 2": (
        "via_project.json",
        {"_via_settings": {}, "_via_img_metadata": {"a.jpg123": {"filename": "a.jpg"}}},
    ),
    "a project of VIA 3": ("p.json", {"project": {}, "view": {}, "metadata": {}, "file": {}}),
    "annotations of VIA": (
        "via_region_data.json",
        {"a.jpg123": {"filename": "a.jpg", "size": 123, "regions": [], "file_attributes": {}}},
    ),
    "Supervisely's JSON": (
        "ds/ann/a.jpg.json",
        {
            "description": "",
            "tags": [],
            "size": {"height": 40, "width": 60},
            "objects": [{"classTitle": "a", "geometryType": "rectangle"}],
        },
    ),
    "COCO's panoptic JSON": (
        "panoptic_val2017.json",
        COCO | {"annotations": [{"segments_info": [{"id": 1}], "file_name": "a.png"}]},
    ),
    "COCO's captions": (
        "captions_val2017.json",
        {"images": COCO["images"], "annotations": [{"image_id": 1, "caption": "a dog"}]},
    ),
    "COCO's keypoints without boxes": (
        "points.json",
        {"images": COCO["images"], "annotations": [{"image_id": 1, "keypoints": [1, 2, 2]}]},
    ),
    "COCO's labels of whole images, without boxes": (
        "labels.json",
        COCO | {"annotations": [{"id": 1, "image_id": 1, "category_id": 1}]},
    ),
    "results in COCO's form": (
        "results.json",
        [{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}],
    ),
    "Datumaro's JSON": ("default.json", {"info": {}, "categories": {}, "items": []}),
    "VoTT's JSON": ("a-asset.json", {"asset": {"name": "a.jpg"}, "regions": [], "version": "2"}),
    "annotations of VIA as CSV": ("via.csv", VIA_HEAD),
    "TensorFlow's CSV": (
        "labels.csv",
        "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,60,40,a,1,2,3,4\n",
    ),
    "Open Images' CSV": (
        "boxes.csv",
        "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded\n",
    ),
    "RetinaNet's CSV": ("train.csv", "pics/a.jpg,1,2,30,40,cat\npics/b.jpg,,,,,\n"),
    "KITTI's labels": ("label_2/a.txt", KITTI + KITTI.replace("Car", "DontCare")),
    "MOT's tracks": ("gt/gt.txt", "1,-1,38.2,310.9,230.1,70,1,1,1.0\n1,2,1,2,3,4,1,-1,-1,-1\n"),
    "DOTA's labels": ("labelTxt/a.txt", DOTA),
    "a list of images with boxes behind each": (
        "train.txt",
        "pics/a.jpg 50,100,150,200,0 30,50,200,120,3\npics/b.jpg 1,2,3,4,0\n",
    ),
    "YOLO labels with names": ("a.txt", "cat 0.5 0.5 0.2 0.1\n"),
    "YOLO labels in pixels": ("a.txt", "0 12 15 20 10\n"),
    "darknet's file of a data set": (
        "voc.data",
        "classes= 2\ntrain = train.txt\nnames = a.names\n",
    ),
    "TFRecord": ("a.tfrecord-00000-of-00002", struct.pack("<QI", 30, _masked(30)) + bytes(34)),
}


def test_each_form_has_its_case():
    left = [one.name for one in OTHERS if not any(one.name.startswith(name) for name in CASES)]
    assert not left


@pytest.mark.parametrize("name", CASES)
def test_one_line_says_what_it_is_and_what_to_do(name, tmp_path, lay):
    file, content = CASES[name]
    place = tmp_path / file
    lay.picture(tmp_path / "pics" / "a.jpg")
    place.parent.mkdir(parents=True, exist_ok=True)
    content = content if isinstance(content, str | bytes) else json.dumps(content)
    place.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(
        ValueError, match="must hold annotations in a form that is read, got"
    ) as told:
        discover(tmp_path)
    line = str(told.value)
    assert "\n" not in line
    assert f"got {name}" in line
    assert f"({file}); " in line
    (one,) = [one for one in OTHERS if one.name.startswith(name) and f"got {one.name} (" in line]
    assert line.endswith(one.way_out)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("a.json", '{"a": 1}'),
        ("a.json", "[[1, 2], 3, null]"),
        ("a.json", '{"a": {"b": []}, "annotations": {}, "objects": 3}'),
        ("a.json", "{"),
        ("a.xml", "<annotation><object/></annotation>"),
        ("a.xml", "<annotations>"),
        ("a.csv", ""),
        ("a.csv", "a,b,c\n1,2,3\n"),
        ("a.txt", "a photo of a dog on a lawn\n"),
        ("a.txt", "1\n"),
        ("a.txt", b"\xff\xfe\x00"),
        ("a.txt", "0 0.5 0.5 0.2 0.1\n"),
        ("train.txt", "pics/a.jpg\npics/b.jpg\n"),
        ("a.record", b"short"),
        ("a.record", bytes(100)),
        ("a.bin", bytes(100)),
    ],
)
def test_what_is_none_of_them(file, content, tmp_path):
    place = tmp_path / file
    place.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert other_form(place) is None
    assert other_forms(tmp_path) == ""


def test_a_long_file_is_told_by_its_whole_lines(tmp_path):
    (tmp_path / "a.csv").write_text("pics/a.jpg,1,2,30,40,cat\n" * 9000)
    assert other_forms(tmp_path).startswith("RetinaNet's CSV (a.csv); ")


def test_a_json_that_is_named_as_cocos_is_told_likewise(tmp_path):
    for name in ("Label Studio's JSON", "COCO's panoptic JSON", "COCO's captions"):
        file, content = CASES[name]
        (tmp_path / file).write_text(json.dumps(content))
        with pytest.raises(ValueError, match=f"must be in COCO's form, got {name}.*; "):
            load_coco(tmp_path / file, None)


@pytest.mark.parametrize("name", ["YOLO labels with names", "YOLO labels in pixels"])
def test_lines_alike_of_no_image_are_none(name, tmp_path, lay):
    lay.picture(tmp_path / "pics" / "b.jpg")
    (tmp_path / "a.txt").write_text(CASES[name][1])
    assert other_forms(tmp_path) == ""
