import sys
from unittest.mock import MagicMock

import numpy as np
from shared import found, one, row, saved_coco

# of its widgets for notebooks, and of the splits that it makes
for _name in ("IPython.display", "ipywidgets", "jupyter_bbox_widget", "sklearn.model_selection"):
    sys.modules[_name] = sys.modules[_name.partition(".")[0]] = MagicMock()
from pylabel import importer  # noqa: E402


def _set(scene, out):
    return importer.ImportCoco(str(saved_coco(scene, out)), path_to_images=scene["folder"])


def _clean(out):
    (out / "scene.json").unlink()


def write_voc(scene, out):
    (out / "Annotations").mkdir()
    _set(scene, out).export.ExportToVoc(output_path=str(out / "Annotations"))
    _clean(out)


def write_coco(scene, out):
    _set(scene, out).export.ExportToCoco(output_path=str(out / "annotations.json"))
    _clean(out)


def write_yolo(scene, out):
    data = _set(scene, out)
    data.export.ExportToYoloV5(output_path="training/labels", copy_images=True, cat_id_index=0)
    _clean(out)


def _found(data):
    boxes = {}
    for _, line in data.df.iterrows():
        rows = boxes.setdefault(str(line["img_filename"]), [])
        corners = [line[f"ann_bbox_{side}"] for side in ("xmin", "ymin", "xmax", "ymax")]
        if all(value not in ("", None) and not np.isnan(float(value)) for value in corners):
            rows.append(row(line["cat_name"], corners))
    return found(boxes)


def read_voc(root):
    return _found(importer.ImportVOC(str(root / "Annotations"), path_to_images="../JPEGImages"))


def read_coco(root):
    file = one(root, "annotations/*.json")
    return _found(importer.ImportCoco(str(file), path_to_images="../images"))


def read_yolo(root):
    import yaml

    names = yaml.safe_load((root / "data.yaml").read_text())["names"]
    labels = one(root, "labels/*")
    images = f"../../images/{labels.name}"
    listed = [names[number] for number in sorted(names)]
    data = importer.ImportYoloV5(
        str(labels), path_to_images=images, img_ext="jpg", cat_names=listed
    )
    return _found(data)
