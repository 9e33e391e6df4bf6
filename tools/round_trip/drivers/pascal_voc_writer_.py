from pascal_voc_writer import Writer


def write_voc(scene, out):
    (out / "Annotations").mkdir()
    for image in scene["images"]:
        path = f"{out}/images/{image['name']}"
        writer = Writer(path, image["width"], image["height"])
        for label, *corners in image["objects"]:
            writer.addObject(scene["classes"][label], *corners)
        stem = image["name"].rpartition(".")[0]
        writer.save(f"{out}/Annotations/{stem}.xml")
