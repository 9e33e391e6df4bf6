"""Tar shards: 3 shards of 4 images of two classes."""

import io
import pickle
import tarfile

import cv2
import numpy as np
import pytest

from backbones.data.images import open_images, open_split, open_test
from backbones.data.loader import make_test_batches
from backbones.data.shards import read_shards


def png(value):
    return cv2.imencode(".png", np.full((12, 16, 3), value, np.uint8))[1].tobytes()


def write_tar(path, files, mode="w"):
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, mode) as tar:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def samples(first):
    """webdataset's: 0.png, 0.cls, ...; image i has grey value 10 i and class i % 2."""
    for i in range(first, first + 4):
        yield f"part/{i:03d}.png", png(10 * i)
        yield f"part/{i:03d}.json", b"{}"
        yield f"part/{i:03d}.cls", b"%d\n" % (i % 2)


@pytest.fixture
def root(tmp_path):
    for shard in (0, 1):
        write_tar(tmp_path / "train" / f"{shard}.tar", samples(4 * shard))
    write_tar(tmp_path / "val" / "0.tar", samples(8))
    return tmp_path


def pixels(images):
    return [int(images.read(i)[0, 0, 0]) for i in range(len(images))]


def test_any_image_of_any_shard_is_read(root):
    splits = open_images(root)
    assert splits.train.labels.tolist() == [0, 1] * 4
    assert splits.train.class_names == ("0", "1")
    assert pixels(splits.train) == [0, 10, 20, 30, 40, 50, 60, 70]
    assert int(splits.train.read(5)[0, 0, 0]) == 50
    assert pixels(splits.test) == pixels(open_test(root)) == [80, 90, 100, 110]
    assert splits.train.name(5) == f"part/005.png in {root}/train/1.tar"


def test_every_kind_that_is_decoded_is_read_and_hidden_members_are_none(tmp_path):
    tiff = cv2.imencode(".tif", np.full((12, 16, 3), 70, np.uint8))[1].tobytes()
    files = [("a.tif", tiff), ("a.cls", b"0"), ("._a.tif", b"\0\5\x16\7"), ("b.png", png(9))]
    write_tar(tmp_path / "train" / "0.tar", [*files, ("b.cls", b"1")])
    assert pixels(read_shards(tmp_path, "train")) == [70, 9]


def test_shards_beside_each_other_are_told_by_their_names(tmp_path):
    write_tar(tmp_path / "carnival-train-0000.tar", samples(0))
    write_tar(tmp_path / "carnival-validation-00.tar", samples(8))
    assert pixels(open_images(tmp_path).train) == [0, 10, 20, 30]
    assert pixels(open_test(tmp_path)) == [80, 90, 100, 110]
    (tmp_path / "carnival-validation-00.tar").unlink()
    with pytest.raises(ValueError, match="must hold test/ or val/"):
        open_test(tmp_path)
    (tmp_path / "carnival-train-0000.tar").rename(tmp_path / "0.tar")
    assert len(open_test(tmp_path)) == 4


def test_classes_have_the_names_of_the_file(root):
    (root / "classes.txt").write_text("dog\ncat\neel\n")
    train = open_images(root).train
    assert train.class_names == ("dog", "cat", "eel")
    assert train.labels.tolist() == [0, 1] * 4
    assert open_test(root, ("cat", "dog")).labels.tolist() == [1, 0] * 2
    with pytest.raises(ValueError, match=r"must be among \['cat'\], got also \['dog'\]"):
        open_test(root, ("cat",))
    (root / "classes.txt").write_text("dog\ndog\n")
    with pytest.raises(ValueError, match=r"classes\.txt must name each class once"):
        open_images(root)


def test_numbers_count_the_names_of_the_network(root):
    assert open_test(root, ("dog", "cat")).labels.tolist() == [0, 1] * 2
    with pytest.raises(ValueError, match=r"must be below 1, .* got 1 of part/009\.png"):
        open_test(root, ("dog",))


def test_folders_are_classes_where_there_is_no_label(tmp_path):
    files = [(f"./train/{name}/{i}.x.png", png(i)) for name in ("cat", "ant") for i in range(2)]
    write_tar(tmp_path / "train" / "0.tar", files)
    train = open_images(tmp_path).train
    assert train.class_names == ("ant", "cat")
    assert train.labels.tolist() == [1, 1, 0, 0]
    assert pixels(train) == [0, 1, 0, 1]
    with pytest.raises(ValueError, match=r"must be among \['ant'\], got also \['cat'\]"):
        open_split(tmp_path, "train", ("ant",))


def test_an_image_without_label_is_named(root):
    write_tar(root / "train" / "2.tar", [*samples(0), ("part/lost.png", png(0))])
    with pytest.raises(ValueError, match=r"2\.tar must have labels.* 1 images .*part/lost\.png"):
        open_images(root)
    for shard in (root / "train").iterdir():
        write_tar(shard, [("a.png", png(0)), ("./b.png", png(0))])
    with pytest.raises(ValueError, match=r"0\.tar must have labels.* 6 images .* the first a\.png"):
        open_images(root)


@pytest.mark.parametrize("label", [b"cat", b"-1", b"", b"1.5"])
def test_a_label_is_a_whole_number(root, label):
    write_tar(root / "train" / "2.tar", [("a.png", png(0)), ("a.cls", label)])
    with pytest.raises(ValueError, match=r"a\.cls in .*2\.tar must be a whole number as text"):
        open_images(root)


def test_numbers_without_images_are_listed(root):
    write_tar(root / "train" / "2.tar", [("a.png", png(0)), ("a.cls", b"4")])
    with pytest.raises(ValueError, match=r"got none in \['2', '3'\]; count from 0, or write class"):
        open_images(root)


@pytest.mark.parametrize("kept", [600, 3000, 3072, 3172, 5120, 5220])
def test_a_cut_shard_is_named(root, kept):
    """Two samples of 2560 bytes each; cut inside an image, a label, a header, between any two."""
    path = root / "train" / "1.tar"
    files = [
        (f"{i}.{end}", b"0" * size) for i in range(2) for end, size in (("png", 999), ("cls", 9))
    ]
    write_tar(path, files)
    assert open_images(root).train.places[-1].tolist() == [1, 3072, 999]
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"1\.tar must (be a whole \.tar file|end in a block of)"):
        open_images(root)


def test_compressed_and_foreign_files_are_refused(root):
    write_tar(root / "train" / "2.tar.gz", samples(0), "w:gz")
    with pytest.raises(ValueError, match=r"must be plain \.tar .* \['2\.tar\.gz'\]; decompress"):
        open_images(root)
    (root / "train" / "2.tar.gz").rename(root / "train" / "2.tar")
    with pytest.raises(ValueError, match=r"2\.tar must be a whole \.tar file"):
        open_images(root)
    write_tar(root / "train" / "2.tar", [])
    for number in (0, 1):
        (root / "train" / f"{number}.tar").unlink()
    with pytest.raises(ValueError, match="must hold shards with images, got none in 1"):
        open_images(root)


def test_a_broken_image_is_named_with_its_shard(root):
    write_tar(root / "train" / "2.tar", [("a.png", b"no image"), ("a.cls", b"0")])
    train = open_images(root).train
    with pytest.raises(ValueError, match=r"a\.png in .*train/2\.tar must be an image"):
        train.read(8)
    (root / "train" / "1.tar").unlink()
    with pytest.raises(
        ValueError, match=r"part/004\.png in .*1\.tar must be readable, got No such"
    ):
        train.read(4)


def test_workers_read_for_themselves(root, views, greys):
    train = open_images(root).train
    assert pixels(pickle.loads(pickle.dumps(train))) == pixels(train)
    batches = make_test_batches(train, views(), batch_size=3, num_workers=2)
    assert greys(batches) == pixels(train)


def hostile(path, members):
    """A tar of (name, content, changes to its header)."""
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for name, content, changes in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for key, value in changes.items():
                setattr(member, key, value)
            tar.addfile(member, io.BytesIO(content))
    return path


def test_names_that_lead_out_and_links_are_never_places(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    members = [("../../out/0.png", b"image", {}), (f"{tmp_path}/abs/1.png", b"image", {})]
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        members.append(("a/2.png", b"", {"type": kind, "linkname": str(secret)}))
    before = sorted(tmp_path.rglob("*"))
    images = read_shards(hostile(data / "train-0.tar", members).parent, "train")
    assert sorted(tmp_path.rglob("*")) == sorted([*before, data / "train-0.tar"])
    assert images.class_names == ("abs", "out")
    assert len(images) == 2  # no link is an image
    with pytest.raises(ValueError, match=r"\.\./\.\./out/0\.png in .*must be an image"):
        images.read(0)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([("0.png", b"", {}), ("0.cls", b"999999999999", {})], "got class 999999999999 of 0.png"),
        ([("0.png", b"", {}), ("0.cls", b"9" * 5000, {})], "must be a whole number"),
        ([("0.png", b"", {}), ("0.cls", b" " * 5000, {})], "must be a whole number"),
    ],
)
def test_a_class_beyond_all_numbers(tmp_path, members, said):
    hostile(tmp_path / "train.tar", members)
    with pytest.raises(ValueError, match=said):
        read_shards(tmp_path, "train")


@pytest.mark.parametrize("size", [-512, -1024, -(1 << 40)])
def test_a_member_that_leads_back_is_no_endless_tar(tmp_path, size):
    path = hostile(tmp_path / "train.tar", [("0.png", b"x" * 512, {}), ("1.png", b"y", {})])
    content = bytearray(path.read_bytes())
    header = content[1024:1536]  # of the second
    header[124:136] = (size & ((1 << 96) - 1)).to_bytes(12, "big")
    header[124] = 0xFF
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    content[1024:1536] = header
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"train\.tar must (be a whole \.tar|end in a block)"):
        read_shards(tmp_path, "train")
