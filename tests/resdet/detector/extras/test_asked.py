from __future__ import annotations

from resdet.detector.extras.asked import build_extras


def test_what_is_on_is_said(small_config) -> None:
    assert not build_extras(small_config())
    views = ("TEST.AUG.ENABLED", "True", "TEST.AUG.MIN_SIZES", "(64, 96)", "TEST.AUG.FLIP", "True")
    cfg = small_config("TEST.REFINE", "True", "TEST.MAXOUT_SIZES", "(64, 96, 128)", *views)
    told = "box refinement; views 64, 96; mirrored too; maxout of 64, 96, 128"
    assert str(build_extras(cfg)) == told
    views = ("TEST.AUG.ENABLED", "True", "TEST.AUG.MIN_SIZES", "()", "TEST.AUG.FLIP", "True")
    cfg = small_config(*views, "TEST.ENSEMBLE", "['a.pth']")
    assert str(build_extras(cfg)) == "views of its own size; mirrored too; ensemble with a.pth"
