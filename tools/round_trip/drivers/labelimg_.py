from libs.pascal_voc_io import PascalVocReader, PascalVocWriter
from libs.yolo_io import YoloReader, YOLOWriter
from PIL import Image
from shared import found, one, row


class _Picture:
    """What labelImg asks of Qt's image."""

    def __init__(self, path):
        self.size = Image.open(path).size

    def width(self):
        return self.size[0]

    def height(self):
        return self.size[1]

    def isGrayscale(self):
        return False


def _cut(corners):
    """As its `convert_points_to_bnd_box`: a near corner below 1 is 1, then int()."""
    low = [1 if value < 1 else value for value in corners[:2]]
    return [int(value) for value in (*low, *corners[2:])]


def _write(scene, out, make, suffix, save):
    for image in scene["images"]:
        path = out / image["name"]
        size = (image["height"], image["width"], 3)
        writer = make(out.name, image["name"], size, local_img_path=str(path))
        for label, *corners in image["objects"]:
            writer.add_bnd_box(*_cut(corners), scene["classes"][label], 0)
        save(writer, str(path.with_suffix(suffix)))


def write_voc(scene, out):
    _write(scene, out, PascalVocWriter, ".xml", lambda w, file: w.save(target_file=file))


def write_yolo(scene, out):
    names = list(scene["classes"])
    _write(scene, out, YOLOWriter, ".txt", lambda w, file: w.save(names, file))


def _rows(shapes):
    return [row(name, (*p[0], *p[2]), difficult) for name, p, _, _, difficult in shapes]


def read_voc(root):
    boxes = {}
    for file in sorted(root.glob("JPEGImages/*")):
        label = root / "Annotations" / f"{file.stem}.xml"
        boxes[file.name] = _rows(PascalVocReader(str(label)).get_shapes())
    return found(boxes)


def read_yolo(root):
    boxes, labels = {}, one(root, "labels/*")
    for file in sorted(root.glob("images/*/*")):
        reader = YoloReader(str(labels / f"{file.stem}.txt"), _Picture(file))
        boxes[file.name] = [[*one_of[:5], None] for one_of in _rows(reader.get_shapes())]
    return found(boxes, reader.classes)
