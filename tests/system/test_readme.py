"""A number stands in README and docs only as its result file has it; what they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.docs.result_tables import tables, with_tables

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path
    for path in (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))
}
TEXTS = {name: path.read_text(encoding="utf-8") for name, path in PAGES.items()}
MARK = re.compile(r"<!-- ([\w-]+) -->\n")


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if MARK.search(text)])
def test_tables_are_those_of_the_results(name: str) -> None:
    text = TEXTS[name]
    assert with_tables(text, ROOT / "configs") == text
    changed = re.sub(r"\| \d+\.\d+( \([^|]+\))? \|", "| 99.9 |", text, count=1)
    assert changed != text
    assert with_tables(changed, ROOT / "configs") == text


def test_every_table_stands_somewhere_once() -> None:
    marks = [name for text in TEXTS.values() for name in MARK.findall(text)]
    assert sorted(marks) == sorted(tables(ROOT / "configs"))


@pytest.mark.parametrize("name", TEXTS)
def test_files_that_a_page_names_are_there(name: str) -> None:
    text, folder = TEXTS[name], PAGES[name].parent
    for path in set(re.findall(r"(?:configs|tools)/[\w/.]+\.\w+", text)):
        assert (ROOT / path).is_file(), path
    for link in set(re.findall(r"\]\(([^)#]+)", text)):
        assert "://" in link or (folder / link).exists(), link


def test_links_within_the_readme_lead_to_headings() -> None:
    text = TEXTS["README.md"]
    headings = {h.lower().replace(" ", "-") for h in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    for link in re.findall(r"\]\(#([^)]+)\)", text):
        assert link in headings
