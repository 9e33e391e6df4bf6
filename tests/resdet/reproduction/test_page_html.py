"""The page itself: what it shows of each target, and that it needs nothing beside it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from backbones.reproduction.sheet import Sheet
from resdet.reproduction.page_html import Part, command, page_html
from resdet.reproduction.request import Request


@pytest.fixture
def parts(tmp_path: Path) -> list[Part]:
    picture = tmp_path / "table1.png"
    picture.write_bytes(b"pixels")
    sheet = Sheet(
        title="Table 1: of <nets> [smoke]",
        header=["network", "error"],
        rows=[["a", "1"], ["b", ""]],
        records=[],
        remarks=["It means <nothing>."],
        words=frozenset({"network"}),
        pictures=[picture],
    )
    request = Request("table1", tmp_path, scale="smoke")
    files = [tmp_path / "smoke" / "table1.md", picture]
    return [Part(request, sheet, files), Part(Request("fig6"), fault="--data must be <data>")]


def test_a_target_has_its_table_picture_command_and_files(
    parts: list[Part], tmp_path: Path
) -> None:
    html = page_html(parts, parts[0].request, tmp_path / "smoke" / "all.html")
    assert '<span class="number">Table 1</span> Of &lt;nets&gt; <span class="scale">smoke' in html
    assert "It means &lt;nothing&gt;." in html
    assert '<img src="data:image/png;base64,cGl4ZWxz" alt="' in html
    assert f"resdet reproduce table1 --scale smoke --output {tmp_path}</code>" in html
    assert '<a href="table1.md">table1.md</a> <a href="../table1.png">../table1.png</a>' in html
    assert '<a href="#table1"><span>Table 1</span><span class="count">1/2</span></a>' in html
    assert "Scale smoke. " in html
    assert "torch 2." in html


def test_a_fault_is_told_in_its_place(parts: list[Part], tmp_path: Path) -> None:
    html = page_html(parts, Request("all", tmp_path), tmp_path / "all.html")
    assert '<span class="number">Fig. 6</span>' in html
    assert '<p class="fault">--data must be &lt;data&gt;</p>' in html
    assert '<span class="count fault">fault</span>' in html
    assert "<code>resdet reproduce fig6</code>" in html
    assert "<code>resdet reproduce fig6 --data DIR</code> with CIFAR-10" in html
    assert "Scale" not in html


def test_it_needs_no_script_and_nothing_from_elsewhere(parts: list[Part], tmp_path: Path) -> None:
    html = page_html(parts, parts[0].request, tmp_path / "all.html")
    assert not re.search(r"<script|<link|@import|url\(|http://|https://", html)
    open_tags: list[str] = []

    class Balanced(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in ("meta", "img"):
                open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Balanced().feed(html)
    assert not open_tags


def test_a_command_is_quoted_for_a_shell() -> None:
    assert command(Request("table7")) == "resdet reproduce table7"
    typed = command(Request("fig1", Path("my runs"), scale="small"))
    assert typed == "resdet reproduce fig1 --scale small --output 'my runs'"
