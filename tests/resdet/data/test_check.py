"""The check of whatever a folder is found to hold."""

from pathlib import Path

import pytest

from resdet.data.check import check_found, found_to_check

QUICK = {"full": False}


def test_folders_that_settle_the_form_are_checked_however_broken(write_voc, tmp_path, lay):
    root = write_voc({"a": ""})
    (root / "Annotations" / "a.xml").write_text("<annotation>")
    found, told = found_to_check(root)
    assert (found.kind, told) == ("voc", False)
    (report,) = check_found(found, (), None, **QUICK)
    assert report.total("error") > 0
    lay.yolo(tmp_path / "mine")
    found, told = found_to_check(tmp_path / "mine")
    assert (found.kind, told) == ("yolo", True)


def test_the_corrected_copy_is_checked_too(tmp_path, lay):
    lay.cvat(tmp_path / "mine")
    found, _ = found_to_check(tmp_path / "mine")
    before, after = check_found(found, (), tmp_path / "out", **QUICK)
    assert str(tmp_path / "mine") in before.subject
    assert str(tmp_path / "out") in after.subject
    assert (tmp_path / "out" / "annotations").is_dir()


def test_what_cannot_be_corrected_is_told_before_the_work(tmp_path, lay):
    lay.labelme(tmp_path / "mine")
    found, _ = found_to_check(tmp_path / "mine")
    with pytest.raises(
        ValueError, match="--fix must be given a form that is written, got LabelMe in .*mine; writ"
    ):
        next(check_found(found, (), Path("out"), **QUICK))
