"""Pages whose tables are made anew, or only compared."""

from tools.docs import readme_tables


def test_a_page_that_differs_is_written_or_told(tmp_path, monkeypatch):
    page, same = tmp_path / "a.md", tmp_path / "b.md"
    page.write_text("old")
    same.write_text("new")
    monkeypatch.setattr(readme_tables, "PAGES", (page, same))
    monkeypatch.setattr("tools.docs.result_tables.with_tables", lambda text, configs: "new")
    assert readme_tables.main(["--check"]) == 1
    assert page.read_text() == "old"
    assert readme_tables.main([]) == 0
    assert page.read_text() == same.read_text() == "new"
    assert readme_tables.main(["--check"]) == 0
