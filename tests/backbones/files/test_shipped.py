"""Where the configs lie."""

from pathlib import Path

from backbones.files import shipped

ROOT = Path(__file__).resolve().parents[3]


def test_shipped_files_lie_at_the_top_of_a_checkout_and_inside_an_installation(
    monkeypatch, tmp_path
):
    assert shipped.folder("configs") == ROOT / "configs"
    assert shipped.is_checkout()
    (tmp_path / "backbones" / "_shipped" / "configs").mkdir(parents=True)
    monkeypatch.setattr(shipped, "_PACKAGE", tmp_path / "backbones")
    assert shipped.folder("configs") == tmp_path / "backbones" / "_shipped" / "configs"
    assert not shipped.is_checkout()
