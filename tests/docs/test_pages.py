"""Pages written or checked."""

from tools.docs.pages import arguments, keep


def test_a_page_is_written_where_it_differs_and_told_of_where_it_is_checked(tmp_path):
    page = tmp_path / "a.md"
    page.write_text("old")
    assert keep(page, "new", check=True) == 1
    assert page.read_text() == "old"
    assert keep(page, "new", check=False) == 0
    assert page.read_text() == "new"
    assert keep(page, "new", check=True) == 0


def test_to_check_is_asked_for():
    parser = arguments("what it writes")
    assert not parser.parse_args([]).check
    assert parser.parse_args(["--check"]).check
