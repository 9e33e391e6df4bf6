"""Annotations of pictures of 640x480 as each tool writes them, made by hand after its files."""

SIZE = (480, 640)
# continuous, 0-based: inside, the whole picture, with decimals, in the far corner
BOXES = {
    "a": [100, 50, 200, 150],
    "b": [0, 0, 640, 480],
    "c": [100.25, 50.5, 199.75, 151.25],
    "d": [540, 380, 640, 480],
}
_TAGS = ("xmin", "ymin", "xmax", "ymax")


def corners(box, order=_TAGS):
    values = dict(zip(_TAGS, box, strict=True))
    return "".join(f"<{tag}>{values[tag]}</{tag}>" for tag in order)


def obj(box, extra="", order=_TAGS):
    return f"<object><name>cell</name>{extra}<bndbox>{corners(box, order)}</bndbox></object>"


def size(depth="<depth>3</depth>", order="<width>640</width><height>480</height>"):
    return f"<size>{order}{depth}</size>"


def ints(box):
    return [int(value) for value in box]


def plus(box, *more):
    return [round(value + one) for value, one in zip(box, more, strict=True)]


def of_template(box, truncated, gap, root="<annotation>", database="Unknown"):
    """labelImg's tags; `gap` is the whitespace before each."""
    flags = f"<pose>Unspecified</pose><truncated>{truncated}</truncated><difficult>0</difficult>"
    return (
        f"{root}{gap}<folder>f</folder>{gap}<filename>x.jpg</filename>{gap}<path>/f/x.jpg</path>"
        f"<source><database>{database}</database></source>{size()}<segmented>0</segmented>"
        f"{obj(box, flags)}\n</annotation>\n"
    )


def labelimg(box):
    box = [max(value, 1) for value in ints(box)]
    cut = 1 in box[:2] or box[2] == 640 or box[3] == 480
    return of_template(box, int(cut), "\n\t")


def old_labelimg(box):
    box = [max(value, 1) for value in ints(box)]
    cut = 1 in box[:2] or box[2] == 640 or box[3] == 480
    return of_template(box, int(cut), "\n  ", '<annotation verified="no">')


def indented(text):
    """As another tool saves it."""
    return text.replace("\n\t", "\n  ")


def without_path(text):
    """As those do who tell nobody where their files lie."""
    return text.replace("<path>/f/x.jpg</path>", "")


def pascal_voc_writer(box):
    return of_template(box, 0, "\n    ")


def _of_datumaro(box, depth):
    unknown = "".join(f"<{t}>Unknown</{t}>" for t in ("database", "annotation", "image"))
    flags = "<truncated>0</truncated><occluded>0</occluded><difficult>0</difficult>"
    return (
        f"<annotation>\n  <folder></folder><filename>x.jpg</filename><source>{unknown}</source>"
        f"{size(depth)}<segmented>0</segmented>{obj(box, flags)}\n</annotation>\n"
    )


def datumaro(box):
    return _of_datumaro([float(value) for value in box], "<depth>3</depth>")


def cvat(box):
    return _of_datumaro(box, "<depth></depth>")


def _of_supervision(box):
    return (
        '<?xml version="1.0" ?>\n<annotation>\n  <folder>VOC</folder><filename>x.jpg</filename>'
        f"<source><database>roboflow.ai</database></source>{size()}<segmented>0</segmented>"
        f"{obj(box)}\n</annotation>\n"
    )


def supervision(box):
    return _of_supervision([*plus(box[:2], 1, 1), *plus(box[2:], 0, 0)])


def old_supervision(box):
    return _of_supervision(ints([value + 1 for value in box]))


def globox(box):
    box = [float(value) for value in box]
    return f"<annotation><filename>x.jpg</filename>{size('')}{obj(box)}</annotation>"


def fiftyone(box):
    return (
        "<annotation>\n    <folder></folder>\n    <filename>x.jpg</filename>\n    <path>/x.jpg"
        f"</path><source><database></database></source>{size()}<segmented></segmented>"
        f"{obj(ints(box))}\n</annotation>"
    )


def label_studio(box):
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotation>\n<folder>f</folder>\n<filename>x.jpg'
        "</filename>\n<source>\n<database>MyDatabase</database>\n<annotation>COCO2017</annotation>"
        "\n<image>flickr</image></source><owner><flickrid>NULL</flickrid><name>Label Studio</name>"
        f"</owner>{size()}<segmented>0</segmented>{obj(ints(box))}\n</annotation>\n"
    )


def pylabel(box):
    flags = "<pose></pose><truncated></truncated><difficult></difficult>"
    order = ("xmin", "xmax", "ymin", "ymax")
    return (
        f'<?xml version="1.0" ?>\n<annotation>\n\t<filename>x.jpg</filename>{size()}'
        f"{obj(ints(box), flags, order)}\n</annotation>\n"
    )


def labelme(box):
    sides = size(order="<height>480</height><width>640</width>")
    return (
        "<annotation>\n  <folder/>\n  <filename>x.jpg</filename>\n  <database/>\n  <annotation/>"
        f"\n  <image/>{sides}<segmented/>{obj(box, '<pose/><truncated/><difficult/>')}"
        "\n</annotation>\n"
    )


def resdet(box):
    flags = "<pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>"
    written = [box[0] + 1, box[1] + 1, *box[2:]]
    return (
        "<?xml version='1.0' encoding='utf-8'?>\n<annotation>\n\t<folder>JPEGImages</folder>\n\t"
        f"<filename>x.jpg</filename>{size()}<segmented>0</segmented>{obj(written, flags)}\n"
        "</annotation>"
    )


def devkit(box, image_size="", flags="<truncated>0</truncated><difficult>0</difficult>"):
    """As VOC2007's own; corners as given."""
    return (
        "<annotation>\n\t<folder>VOC2007</folder>\n\t<filename>000005.jpg</filename>\n\t<source>"
        "<database>The VOC2007 Database</database><annotation>PASCAL VOC2007</annotation>"
        "<image>flickr</image><flickrid>1</flickrid></source><owner><flickrid>x</flickrid>"
        f"<name>y</name></owner>{image_size or size()}<segmented>0</segmented>"
        f"{obj(box, f'<pose>Rear</pose>{flags}')}\n</annotation>\n"
    )


def plain(box):
    """By nobody that is known; corners as given."""
    return f"<annotation>\n{size()}{obj(box)}\n</annotation>"


# name -> (writes a continuous box, the way, what the tool itself cuts off of each box at most)
TOOLS = {
    "labelImg": (labelimg, "0-continuous", 1),
    "pascal-voc-writer": (pascal_voc_writer, "0-continuous", 0),
    "datumaro": (datumaro, "0-continuous", 0),
    "CVAT": (cvat, "0-continuous", 0),
    "supervision from 0.31.2": (supervision, "1-inclusive", 0.5),
    "supervision up to 0.31.1": (old_supervision, "1-continuous", 0.75),
    "globox": (globox, "0-continuous", 0),
    "fiftyone": (fiftyone, "0-continuous", 0.75),
    "Label Studio": (label_studio, "0-continuous", 0.75),
    "pylabel": (pylabel, "0-continuous", 0.75),
    "labelme2voc": (labelme, "0-continuous", 0),
    "resdet": (resdet, "1-inclusive", 0),
}
