import datumaro as dm
from shared import found, of_xywh, row

_FORMS = {"voc": "voc", "coco": "coco", "yolo": "yolo"}


def _write(scene, out, form):
    items = []
    for image in scene["images"]:
        boxes = [
            dm.Bbox(x1, y1, x2 - x1, y2 - y1, label=label)
            for label, x1, y1, x2, y2 in image["objects"]
        ]
        media = dm.Image.from_file(path=f"{scene['folder']}/{image['name']}")
        stem = image["name"].rpartition(".")[0]
        items.append(dm.DatasetItem(stem, subset="train", media=media, annotations=boxes))
    data = dm.Dataset.from_iterable(items, categories=scene["classes"], media_type=dm.Image)
    data.export(str(out), form, save_media=True)


def write_voc(scene, out):
    _write(scene, out, "voc_detection")


def write_coco(scene, out):
    _write(scene, out, "coco_instances")


def write_yolo(scene, out):
    _write(scene, out, "yolo")


def _read(root, form):
    data = dm.Dataset.import_from(str(root), form)
    labels = data.categories()[dm.AnnotationType.label]
    boxes = {}
    for item in data:
        rows = []
        for thing in item.annotations:
            if thing.type == dm.AnnotationType.bbox:
                told = [thing.attributes.get(key) for key in ("difficult", "is_crowd")]
                flag = any(told) if told != [None, None] else None
                rows.append(row(labels[thing.label].name, of_xywh(*thing.get_bbox()), flag))
        name = item.id if item.media is None else item.media.path
        boxes[str(name).replace("\\", "/")] = rows
    return found(boxes, [label.name for label in labels])


def read_voc(root):
    return _read(root, "voc_detection")


def read_coco(root):
    return _read(root, "coco_instances")


def read_yolo(root):
    return _read(root, "yolo")
