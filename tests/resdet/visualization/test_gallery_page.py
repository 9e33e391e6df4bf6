"""The gallery in a real browser: filters, keys, addresses, names that are markup, no errors.

A script beside the page's own acts as a reader would and leaves what it saw in the document.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from resdet.evaluation import DetectionTable, match_voc
from resdet.evaluation.record import Record
from resdet.structures.records import GroundTruth
from resdet.visualization.gallery import write_gallery

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

NUM_IMAGES = 300
EVIL = "<img src=x onerror=alert(1)>"
CLASSES = (EVIL, "dog")

PROBE = """
"use strict";
const seen = { errors: [] };
window.addEventListener("error", (event) => seen.errors.push(String(event.message)), true);
window.addEventListener("unhandledrejection", (event) => seen.errors.push(String(event.reason)));
document.addEventListener("securitypolicyviolation", (e) => seen.errors.push(e.violatedDirective));
window.alert = () => seen.errors.push("alert");
const $ = (id) => document.getElementById(id);
const all = (query) => [...document.querySelectorAll(query)];
const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });
const press = (key) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(event);
};
const names = () => all(".card")
  .sort((a, b) => a.dataset.place - b.dataset.place)
  .map((card) => card.querySelector("b").textContent);
const kind = (row, cell) => all("#kinds tbody tr")[row].querySelectorAll("button")[cell].click();
const hash = async () => { await wait(250); return decodeURIComponent(location.hash); };
window.addEventListener("load", async () => {
  try {
    await wait(100);
    await (async () => { STEPS })();
  } catch (error) {
    seen.errors.push(String(error.stack));
  }
  const made = document.createElement("pre");
  made.id = "seen";
  made.textContent = JSON.stringify(seen);
  document.body.append(made);
});
"""


def record(found: dict[int, list[tuple[int, float, tuple[int, ...]]]]) -> Record:
    """One object an image, class `number % 2`; `found` holds (label, score, box) by image."""
    truth = {name(i): GroundTruth([[8, 8, 40, 40]], [i % 2]) for i in range(NUM_IMAGES)}
    rows = [(i, *row) for i, found_there in found.items() for row in found_there]
    table = DetectionTable(
        tuple(truth),
        np.array([row[0] for row in rows], np.int64),
        np.array([row[3] for row in rows], np.float64).reshape(-1, 4),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64),
    )
    return Record(match_voc(truth, table, CLASSES))


def name(number: int) -> str:
    return {3: 'quote" \u2028 </script>'}.get(number, f"image {number}")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The baseline finds nothing but in image 0; the model finds all but errs in images 5 to 7."""
    root = tmp_path_factory.mktemp("gallery")
    images = root / "images"
    images.mkdir()
    for number in range(NUM_IMAGES):
        if number != 3:  # its name is none for a file
            picture = np.full((48, 64, 3), number % 250, np.uint8)
            cv2.imwrite(str(images / f"{name(number)}.png"), picture)
    at = (8, 8, 40, 40)
    right = {number: [(number % 2, 0.9, at)] for number in range(NUM_IMAGES)}
    errs: dict[int, list[tuple[int, float, tuple[int, ...]]]] = {
        5: [(0, 0.8, at)],  # another class
        6: [(0, 0.8, (8, 8, 40, 20))],  # off its place
        7: [(1, 0.9, at), (1, 0.4, at)],  # found again
    }
    models = [("VGG-16", record({0: right[0]})), ("ResNet", record({**right, **errs}))]
    write_gallery(root / "page", models, images=images, threshold=0.3)
    return root / "page"


def act(gallery: Path, tmp_path: Path, steps: str, hash: str = "", width: int = 1440) -> Any:
    """What the steps left in `seen`, in a browser of that width, opened at an address."""
    page = tmp_path / "page"
    shutil.copytree(gallery, page)
    (page / "probe.js").write_text(PROBE.replace("STEPS", steps))
    index = (page / "index.html").read_text()
    first = '<script defer src="data.js">'
    probe = '<script defer src="probe.js"></script>'
    (page / "index.html").write_text(index.replace(first, probe + first))
    command = [
        *(str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"),
        *("--virtual-time-budget=12000", f"--window-size={width},900"),
        *(f"--user-data-dir={tmp_path / 'profile'}", f"{(page / 'index.html').as_uri()}{hash}"),
    ]
    done = subprocess.run(command, capture_output=True, timeout=90, check=True)
    match = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout.decode(), re.DOTALL)
    assert match, done.stderr.decode()[-500:]
    seen = json.loads(html.unescape(match[1]))
    assert seen.pop("errors") == []
    return seen


def test_cards_are_made_as_they_come_into_view(gallery: Path, tmp_path: Path) -> None:
    seen = act(
        gallery,
        tmp_path,
        """
        seen.count = $("count").textContent;
        seen.cards = all(".card").length;
        seen.panes = all(".card")[0].querySelectorAll("figure").length;
        seen.lazy = all(".card img").every((image) => image.loading === "lazy");
        seen.before = names()[0];
        $("scroller").scrollTop = 1e7;
        $("scroller").dispatchEvent(new Event("scroll")); // no frames are drawn here
        seen.last = names().at(-1);
        seen.cardsLater = all(".card").length;
        """,
        "#sort=name",
    )
    assert seen["count"] == "300 images"
    assert seen["panes"] == 3
    assert seen["lazy"]
    assert seen["before"] == "image 0"
    assert seen["last"] == name(3)
    assert 0 < seen["cards"] < 40
    assert 0 < seen["cardsLater"] < 40


def test_filters_sorts_and_their_address(gallery: Path, tmp_path: Path) -> None:
    seen = act(
        gallery,
        tmp_path,
        """
        const count = () => $("count").textContent.split(" ")[0];
        seen.totals = all("#kinds tbody tr").map((row) => (
          [...row.querySelectorAll("td button")].map((cell) => Number(cell.textContent))));
        kind(1, 0); seen.wrongClass = [names(), await hash()]; kind(1, 0);
        kind(2, 2); seen.wrongPlace = [names(), await hash()]; kind(2, 2);
        seen.kindOff = count();
        kind(6, 1); seen.missedByFirst = count();
        all("#classes button")[1].click(); seen.missedDogs = count();
        $("clear").click(); seen.cleared = [count(), await hash()];
        all("#who button")[0].click(); seen.firstRight = names(); $("clear").click();
        all("#who button")[3].click(); seen.allErr = names().sort(); $("clear").click();
        $("sort").value = "lost"; $("sort").dispatchEvent(new Event("change"));
        seen.lost = names()[0];
        $("search").value = "QUOTE"; $("search").dispatchEvent(new Event("input"));
        seen.search = names(); $("clear").click();
        $("score").value = 0.5; $("score").dispatchEvent(new Event("input"));
        kind(4, 0); seen.duplicatesAtHalf = [names(), $("nothing").hidden];
        """,
    )
    # correct, class, place, both, duplicate, background, missed of each model
    assert seen["totals"] == [[1, 298], [0, 1], [0, 1], [0, 0], [0, 1], [0, 0], [299, 2]]
    assert seen["wrongClass"] == [["image 5"], "#kind=classification"]
    assert seen["wrongPlace"] == [["image 6"], "#kind=localisation&model=ResNet"]
    assert seen["kindOff"] == "300"
    assert (seen["missedByFirst"], seen["missedDogs"]) == ("299", "150")
    assert seen["cleared"] == ["300", ""]
    assert seen["firstRight"] == ["image 5", "image 6"]
    assert seen["allErr"] == ["image 5", "image 6", "image 7"]
    assert seen["lost"] == "image 5"
    assert seen["search"] == [name(3)]
    assert seen["duplicatesAtHalf"] == [[], False]


def test_keys(gallery: Path, tmp_path: Path) -> None:
    seen = act(
        gallery,
        tmp_path,
        """
        const focused = () => document.activeElement.querySelector("b")?.textContent;
        const solo = () => all("#panes .big").map((pane) => !pane.hidden);
        press("ArrowRight"); seen.first = focused();
        press("ArrowRight"); press("ArrowRight"); press("ArrowLeft"); seen.second = focused();
        press("End"); seen.end = focused(); press("Home"); seen.home = focused();
        document.activeElement.click(); await wait(50);
        seen.open = [$("viewer").open, $("viewer-name").textContent];
        press("ArrowRight"); seen.next = $("viewer-name").textContent;
        seen.address = await hash();
        press("2"); seen.alone = solo(); press("2"); seen.together = solo();
        press("b"); seen.bare = $("viewer").classList.contains("bare"); press("b");
        press("l"); seen.labels = $("labels").textContent;
        const box = () => document.querySelector(".stage > svg").getAttribute("viewBox");
        press("z"); seen.zoomed = box(); press("z"); seen.fit = box();
        press("?"); seen.help = $("help").open; press("?"); seen.noHelp = $("help").open;
        $("close-viewer").click(); await wait(100);
        seen.closed = [$("viewer").open, focused(), await hash()];
        press("t"); seen.theme = document.documentElement.dataset.theme;
        press("/"); seen.search = document.activeElement.id; press("Escape");
        press("s"); seen.sort = $("sort").value;
        """,
        "#sort=name",
    )
    assert seen["first"] == "image 0"
    assert seen["second"] == "image 1"
    assert (seen["end"], seen["home"]) == (name(3), "image 0")
    assert seen["open"] == [True, "image 0"]
    assert seen["next"] == "image 1"
    assert seen["address"] == "#sort=name&image=image+1"
    assert seen["alone"] == [False, True, False]
    assert seen["together"] == [True, True, True]
    assert seen["bare"]
    assert seen["labels"] == "Labels: all"
    assert (seen["zoomed"], seen["fit"]) == ("160 120 320 240", "0 0 640 480")
    assert (seen["help"], seen["noHelp"]) == (True, False)
    assert seen["closed"] == [False, "image 1", "#sort=name"]
    assert seen["theme"] in ("light", "dark")
    assert seen["search"] == "search"
    assert seen["sort"] == "disagreement"


def test_an_address_opens_an_image_among_its_filters(gallery: Path, tmp_path: Path) -> None:
    seen = act(
        gallery,
        tmp_path,
        """
        seen.name = $("viewer-name").textContent;
        seen.place = $("viewer-place").textContent;
        seen.verdict = $("viewer-verdict").textContent;
        seen.lines = all("#panes .big").map((pane) => (
          [...pane.querySelectorAll(".line b, .line .what")].map((node) => node.textContent)));
        """,
        "#class=dog&kind=missed&model=ResNet&image=image+5&score=0.5&sort=nonsense&size=99",
    )
    assert (seen["name"], seen["place"]) == ("image 5", "1 of 1")
    assert seen["verdict"] == "tied for fewest errors"  # of dogs: each misses one
    assert seen["lines"][0] == ["dog"]
    assert seen["lines"][1] == ["dog", "Missed"]
    assert seen["lines"][2] == ["dog", "Missed", f"{EVIL} 0.80", "Wrong class"]


def test_names_are_text(gallery: Path, tmp_path: Path) -> None:
    seen = act(
        gallery,
        tmp_path,
        """
        seen.class = all("#classes .who")[0].textContent;
        seen.name = $("viewer-name").textContent;
        seen.blank = all("#panes .blank").length;
        seen.tags = all("#panes .tag text").map((node) => node.textContent);
        seen.strange = all("img[src='x'], b b, pre script").length;
        """,
        "#image=quote%22+%E2%80%A8+%3C%2Fscript%3E&class=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E",
    )
    assert seen["class"] == EVIL
    assert seen["name"] == name(3)
    assert seen["blank"] == 3
    assert seen["strange"] == 0


def test_a_narrow_window_scrolls_down_only(gallery: Path, tmp_path: Path) -> None:
    seen = act(
        gallery,
        tmp_path,
        """
        seen.width = [document.documentElement.scrollWidth, innerWidth];
        seen.hidden = getComputedStyle($("side")).visibility;
        $("open-side").click(); await wait(400);
        seen.shown = getComputedStyle($("side")).visibility;
        press("Escape"); await wait(400);
        all(".card")[0].click(); await wait(50);
        const tops = all("#panes .big").map((pane) => pane.getBoundingClientRect().top);
        seen.stacked = tops[0] < tops[1] && tops[1] < tops[2];
        seen.inside = all("#panes .big").every((pane) => (
          pane.getBoundingClientRect().right <= innerWidth && pane.scrollHeight > 100));
        """,
        width=520,
    )
    assert seen["width"][0] <= seen["width"][1] <= 860
    assert (seen["hidden"], seen["shown"]) == ("hidden", "visible")
    assert seen["stacked"]
    assert seen["inside"]
