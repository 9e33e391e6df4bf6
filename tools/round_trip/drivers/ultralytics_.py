import shutil
from pathlib import Path

import yaml
from shared import found, of_xywh, row, saved_coco
from ultralytics.data.converter import convert_coco
from ultralytics.data.dataset import YOLODataset
from ultralytics.data.utils import check_det_dataset


def write_yolo(scene, out):
    (out / "given").mkdir()
    saved_coco(scene, out / "given").rename(out / "given" / "instances_train.json")
    convert_coco(str(out / "given"), str(out / "made"), cls91to80=False)
    shutil.copytree(out / "made" / "labels", out / "labels")
    shutil.rmtree(out / "made")
    shutil.rmtree(out / "given")
    shutil.copytree(scene["folder"], out / "images" / "train")
    names = dict(enumerate(scene["classes"]))
    told = {"train": "images/train", "val": "images/train", "names": names}
    (out / "data.yaml").write_text(yaml.safe_dump(told))


def read_yolo(root):
    data = check_det_dataset(str(root / "data.yaml"), autodownload=False)
    own = YOLODataset(img_path=data["train"], data=data, task="detect", augment=False)
    boxes = {}
    for label in own.labels:
        height, width = label["shape"]
        rows = []
        for number, (x, y, w, h) in zip(label["cls"][:, 0], label["bboxes"].astype(float)):
            corners = of_xywh((x - w / 2) * width, (y - h / 2) * height, w * width, h * height)
            rows.append(row(data["names"][int(number)], corners))
        boxes[Path(label["im_file"]).name] = rows
    return found(boxes, data["names"].values())
