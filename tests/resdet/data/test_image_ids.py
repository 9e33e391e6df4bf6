"""Images by their names."""

from pathlib import Path

from resdet.data.image_ids import image_ids

ROOT = Path("/data")


def test_ids_are_the_shortest_that_differ():
    assert image_ids(ROOT, [ROOT / "a.jpg", ROOT / "x/b.jpg"]) == ["a", "b"]
    assert image_ids(ROOT, [ROOT / "a.jpg", ROOT / "x/a.jpg"]) == ["a", "x/a"]
    assert image_ids(ROOT, [ROOT / "a.jpg", ROOT / "a.png"]) == ["a.jpg", "a.png"]
