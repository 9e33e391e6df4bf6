"""Both detectors on the same images: a sheet, a gallery, a table of classes."""

from __future__ import annotations

from backbones.images.decoding import read_image
from resdet.reproduction.pair_pictures import draw_pair
from resdet.reproduction.pair_sections import Finished, compared
from resdet.reproduction.pair_tables import Row
from resdet.visualization.judged import KIND_COLOURS


def has(picture, kind):
    red, green, blue = KIND_COLOURS[kind]
    return bool((picture == (blue, green, red)).all(axis=2).any())


def test_a_pair_is_drawn_side_by_side(finished_run, tmp_path):
    runs = [finished_run("own_vgg16", missed=99), finished_run("own_r18")]
    pair = {Row(run.config, "mine"): [Finished(run, run.measure("coco"))] for run in runs}
    comparison = compared(pair)
    assert comparison is not None
    written = draw_pair(tmp_path / "table8-mine", comparison)
    assert written == [tmp_path / "table8-mine" / "index.html", tmp_path / "table8-mine.md"]
    assert "| AP50 | 0.0 | 100.0 | +100.0 |" in written[1].read_text()
    assert len(list((tmp_path / "table8-mine" / "pictures").iterdir())) == 4
    sheet = read_image(tmp_path / "table8-mine.png", "BGR")
    assert has(sheet, "missed")
    assert has(sheet, "correct")
