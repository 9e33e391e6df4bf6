"""The picture is written where it is asked for."""

from tools.docs import draw_architecture


def test_the_picture_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tools.docs.picture.architecture", lambda root: f"<svg>{root.name}</svg>")
    out = tmp_path / "a.svg"
    draw_architecture.main(["--output", str(out)])
    assert out.read_text() == f"<svg>{draw_architecture.ROOT.name}</svg>"
    assert capsys.readouterr().out == f"written: {out}\n"
    assert draw_architecture.arguments().parse_args([]).output == draw_architecture.PICTURE
