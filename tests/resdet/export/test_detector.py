"""What is compared before a detector is written, and what stands in the way of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from backbones.export.formats import runner
from backbones.export.request import SUFFIXES, written
from resdet.export import detector as exporter
from resdet.export.exportable import load_exportable
from resdet.export.form import INSIDE, OUTSIDE, Form, contract_of
from resdet.export.int8.pictures import Pictures
from resdet.structures.records import Dataset


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Put the graph itself, its boxes moved, in the place of the file that is to be made."""

    def put(
        box: float = 0.0, score: float = 0.0, most: int = 100, height: int | None = None
    ) -> None:
        def run(graph, *_):  # type: ignore[no-untyped-def]
            def call(image: np.ndarray) -> list[np.ndarray]:
                with torch.no_grad():
                    boxes, labels, scores = graph(torch.from_numpy(image))
                if height in (None, len(image)):
                    boxes, scores = boxes + torch.tensor([box, 0, 0, 0]), scores - score
                moved = boxes, labels, scores
                return [column[:most].numpy() for column in moved]

            return call

        def told_from(graph, kind, score):  # type: ignore[no-untyped-def]
            graph.least_score.fill_(score)
            return graph

        monkeypatch.setattr(exporter, "encode", lambda graph, *_: graph)
        monkeypatch.setattr(exporter, "with_least_score", told_from)
        monkeypatch.setattr(exporter, "runner", run)
        monkeypatch.setattr(exporter, "contents", lambda _, kind, path: {path: b"written"})

    return put


def export(source: Path, **options):  # type: ignore[no-untyped-def]
    form = Form("torch-export", options.pop("resize", INSIDE), options.pop("batch", None))
    return exporter.export_detector(source, form, source.with_suffix(".pt2"), **options)


def test_equal_is_written(saved_detector: Callable, eager: Callable) -> None:
    eager()
    done = export(saved_detector())
    assert done.path.read_text() == "written"
    table = done.table()
    assert len(table) == 1 + 5 + 2  # two again, of which one shows one object and one nothing
    assert len({len(line) for line in table}) == 1  # aligned
    assert "made up 1" in table[1]


def test_a_page_is_written_around_the_file(
    saved_detector: Callable, eager: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written: list[tuple] = []
    eager()
    monkeypatch.setattr(exporter, "write_page", lambda *page: written.append(page) or 7)
    library = {"ort.mjs": b""}
    form = Form("onnx", INSIDE)
    done = exporter.export_detector(saved_detector(), form, tmp_path / "page", library=library)
    ((folder, _, metadata, files),) = written
    assert (folder, files, done.size) == (tmp_path / "page", library, 7)
    assert '"resize": "inside"' in metadata["preprocessing"]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"box": 0.06}, r"boxes must differ by at most 0.01 px .* got [1-9]\.\de-02 px"),
        ({"score": 0.002}, r"scores by 0.001, got .* px, 2.0e-03 "),
        ({"most": 3}, r"and [1-9]\d* detections without a counterpart on made up 1"),
    ],
)
def test_different_is_refused(
    saved_detector: Callable, eager: Callable, fault: dict, told: str
) -> None:
    eager(**fault)
    source = saved_detector()
    with pytest.raises(ValueError, match=told):
        export(source)
    assert not source.with_suffix(".pt2").exists()


def test_what_resizes_may_differ_by_more_in_few_images(
    saved_detector: Callable, eager: Callable
) -> None:
    source = saved_detector()
    eager(box=0.15)
    with pytest.raises(ValueError, match="boxes must differ by at most"):
        export(source)
    eager(box=1.0, height=300)
    with pytest.raises(ValueError, match=r"and [1-9]\d* detections without a counterpart"):
        export(source)
    eager(box=0.15, height=300)  # made up 5
    assert max(float(row[3].split()[0]) for row in export(source).rows) > 0.02


def test_where_nothing_is_found_less_is_asked(saved_detector: Callable, eager: Callable) -> None:
    eager()
    done = export(saved_detector("MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.99999"))
    less, one = done.notes
    assert less.startswith("nothing scores above 0.99999 there: a file for 0.")
    assert one.startswith("no image shows one object: a file for scores above 0.")
    assert [int(row[2]) for row in done.rows[-2:]] == [1, 0]
    assert sum(int(row[2]) for row in done.rows) > 50
    eager(box=0.06)
    for file in written("torch-export", done.path):
        file.unlink()
    with pytest.raises(ValueError, match="boxes must differ by at most"):
        export(saved_detector("MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.99999"))
    assert not done.path.exists()


def test_no_detection_at_all_is_refused(
    saved_detector: Callable, eager: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    eager()
    source = saved_detector("MODEL.PROPOSAL_GENERATOR.MIN_SIZE", "5000")
    with pytest.raises(ValueError, match="--images must show what the detector finds"):
        export(source)
    assert not source.with_suffix(".pt2").exists()


def test_images_of_a_folder(saved_detector: Callable, eager: Callable, tmp_path: Path) -> None:
    eager()
    rng = np.random.default_rng(0)
    for at in range(9):  # two sizes: both are taken
        size = (60, 90, 3) if at < 8 else (90, 60, 3)
        cv2.imwrite(str(tmp_path / f"{at}.png"), rng.integers(0, 256, size, np.uint8))
    done = export(saved_detector(), images=tmp_path)
    assert len(done.rows) == 7
    assert {row[1] for row in done.rows} == {"120 x 80", "80 x 120"}


def test_images_too_small_for_the_format_are_left_out(
    saved_detector: Callable, eager: Callable
) -> None:
    eager()
    small = ("INPUT.MIN_SIZE_TEST", "36", "INPUT.MAX_SIZE_TEST", "60")
    done = export(
        saved_detector(*small), resize=OUTSIDE
    )  # 300 x 720 becomes 25 x 60, stride 16 needs 32
    assert done.notes[0] == "made up 5 left out: under 32 pixels a side once resized"
    assert [row[0] for row in done.rows[:4]] == [f"made up {at}" for at in range(1, 5)]
    assert "at least 32 pixels a side" in done.contract.metadata["input"]


def test_int8_of_other_classes_is_refused_before_there_is_a_graph(
    saved_detector: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino")
    from resdet.export.int8.search import Wanted

    data = Dataset("other", "voc", ("cat",), (), Path("other"))
    wanted = Wanted(Pictures([], [], ""), data)
    monkeypatch.setattr(exporter, "encode", lambda *_: pytest.fail("encoded"))
    with pytest.raises(
        ValueError, match=r"must be those of the data, got \[class 0, .*\] for \[cat\]"
    ):
        export(saved_detector(), int8=wanted)


def test_extras_stay_behind(saved_detector: Callable, eager: Callable) -> None:
    eager()
    done = export(saved_detector("TEST.REFINE", "True"))
    assert done.notes[0] == "the plain test: box refinement stays behind"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["onnx", "openvino", "torch-export"])
@pytest.mark.parametrize(
    ("base", "overrides"),
    [
        ("coco_r50_fpn", ("MODEL.RESNETS.DEPTH", "18", "MODEL.FPN.OUT_CHANNELS", "16")),
        ("shapes_vgg16", ("MODEL.ROI_BOX_HEAD.FC_DIM", "32")),
        ("shapes_r18", ("MODEL.ROI_BOX_HEAD.POOLER_TYPE", "ROIPool", "INPUT.FORMAT", "RGB")),
        ("shapes_r18", ("MODEL.ROI_HEADS.NAME", "ContextROIHeads")),
    ],
    ids=["FPN", "VGG", "ROIPool", "context"],
)
def test_each_kind_of_detector(
    saved_detector: Callable, kind: str, base: str, overrides: tuple[str, ...]
) -> None:
    if kind != "torch-export":
        for package in ("onnx", "onnxruntime", "onnxscript", "openvino"):
            pytest.importorskip(package)
    source = saved_detector(*overrides, base=base)
    done = exporter.export_detector(source, Form(kind), source.with_suffix(SUFFIXES[kind]))
    files = written(kind, done.path)
    assert done.size == sum(file.stat().st_size for file in files)
    if kind == "openvino":
        from backbones.export.openvino_ir import from_files
        from backbones.export.openvino_run import started

        model = from_files({file: file.read_bytes() for file in files[:2]})
        run = started(model, list(done.contract.outputs), 1)
    else:
        run = runner(done.path.read_bytes(), kind, done.contract)
    boxes, labels, scores = run(np.zeros((150, 170, 3), np.uint8))
    assert len(boxes) == len(labels) == len(scores)


@pytest.mark.slow
@pytest.mark.parametrize("base", ["shapes_r18", "shapes_vgg16"])
def test_without_a_proposal_there_is_no_detection(saved_detector: Callable, base: str) -> None:
    for package in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(package)
    source = saved_detector("MODEL.PROPOSAL_GENERATOR.MIN_SIZE", "5000", base=base)
    detector = load_exportable(source)
    form = Form("onnx")
    contract = contract_of(detector, source, form)
    data = exporter.encode_detector(detector, contract, form)
    run = runner(data, "onnx", contract)
    assert [out.shape for out in run(np.zeros((90, 90, 3), np.uint8))] == [(0, 4), (0,), (0,)]


@pytest.mark.slow
def test_program_runs_without_this_package(saved_detector: Callable, tmp_path: Path) -> None:
    source = saved_detector()
    exporter.export_detector(source, Form("torch-export"), tmp_path / "model.pt2")
    code = """
import sys
sys.modules["resdet"] = sys.modules["backbones"] = None
import torch, torchvision
run = torch.export.load(sys.argv[1]).module()
boxes, labels, scores = run(torch.zeros(100, 110, 3, dtype=torch.uint8))
print(boxes.shape[1] == 4, len(labels) == len(scores))
"""
    words = [sys.executable, "-c", code, str(tmp_path / "model.pt2")]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.split() == ["True", "True"], done.stderr
