"""tools/reproduce.py: what it trains, collects, writes and refuses."""

import csv
import json

import cv2
import numpy as np
import pytest

from resdet.reproduction import page


@pytest.fixture(scope="module")
def reproduce():
    from resdet.commands import reproduce as module

    return module


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Two classes that differ in brightness, as JPEG: 6 to train, 3 to test of each."""
    root = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    for split, count in (("train", 6), ("test", 3)):
        for label, name in enumerate(("dark", "light")):
            (root / split / name).mkdir(parents=True)
            for number in range(count):
                image = random.integers(120 * label, 120 * label + 120, (32, 32, 3), np.uint8)
                cv2.imwrite(str(root / split / name / f"{number}.jpg"), image)
    return root


def read_csv(path):
    with path.open() as file:
        return {record["network"]: record for record in csv.DictReader(file)}


def test_smoke_trains_tests_and_tells_that_it_is_a_smoke(reproduce, images, tmp_path, capsys):
    rows = ["--scale", "smoke", "--data", str(images), "--output", str(tmp_path), "--seeds", "2"]
    rows += ["--only", "plain-20", "MODEL.DEVICE", "cpu"]
    assert reproduce.main(["fig7", *rows]) == 0
    assert reproduce.main(["fig1", *rows]) == 0
    told = capsys.readouterr().out
    assert told.count("seed1 is finished already") == told.count("seed2 is finished already") == 1
    found = read_csv(tmp_path / "smoke" / "fig7.csv")
    assert found["plain-20"]["num_responses"] == "19"
    assert 0.01 < float(found["plain-20"]["mean_response"]) < 10
    assert found["plain-56"]["mean_response"] == ""
    page = (tmp_path / "smoke" / "fig1.md").read_text()
    assert "[smoke]" in page
    assert "4 iterations, 2 runs" in page
    assert "JPEG copies, 4 test images of 2 classes, MODEL.DEVICE cpu |" in page
    assert "| plain-56 |  |  |" in page
    assert read_csv(tmp_path / "smoke" / "fig1.csv")["plain-20"]["seeds"] == "1 2"
    assert (tmp_path / "smoke" / "fig1.png").is_file()
    reproduce.main(["fig1", "--output", str(tmp_path)])  # at full scale nothing was measured
    assert "plain-20 |  |  |" in (tmp_path / "fig1.md").read_text()


def test_an_interrupted_row_goes_on(reproduce, images, tmp_path, monkeypatch):
    argv = ["fig1", "--scale", "smoke", "--data", str(images), "--output", str(tmp_path)]
    argv += ["--only", "plain-20", "MODEL.DEVICE", "cpu", "SOLVER.CHECKPOINT_PERIOD", "2"]
    with monkeypatch.context() as patch:
        patch.setattr("backbones.training.classification.write_final", interrupt)
        with pytest.raises(KeyboardInterrupt):
            reproduce.main(argv)
    run = tmp_path / "smoke" / "runs" / "cifar10_plain20-seed1"
    assert not (run / "results.json").is_file()
    before = (run / "metrics.json").read_text()
    with pytest.raises(ValueError, match=r"must be those it began with, .* got .*BASE_LR 0\.5"):
        reproduce.main([*argv, "SOLVER.BASE_LR", "0.5"])
    reproduce.main(argv)
    assert json.loads((run / "results.json").read_text())["iterations"] == 4
    assert (run / "metrics.json").read_text().startswith(before.splitlines()[0])
    assert "resuming after 4 of 4" in (run / "log.txt").read_text()
    (run / "reproduction.json").unlink()  # as if tools/train_backbone.py had trained it
    reproduce.main(argv)
    assert json.loads((run / "reproduction.json").read_text()) == {"data": "JPEG copies"}


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize("target", ["table2", "table5"])
def test_smoke_of_crops_scales_and_ensembles(reproduce, images, tmp_path, target):
    argv = [target, "--scale", "smoke", "--data", str(images), "--output", str(tmp_path)]
    reproduce.main([*argv, "MODEL.DEVICE", "cpu", "SOLVER.MAX_ITER", "2"])
    for record in read_csv(tmp_path / "smoke" / f"{target}.csv").values():
        key = "top1_error" if target == "table2" else "top5_error"
        assert 0 <= float(record[key]) <= 100
        assert record["runs"] == "1"


def test_counting_needs_no_data(reproduce, tmp_path, capsys):
    assert reproduce.main(["table1", "--output", str(tmp_path)]) == 0
    assert "| ResNet-50 | 25.56 | 3.8 | 3.858 |" in capsys.readouterr().out
    assert (tmp_path / "table1.png").is_file()


def test_published_rows(reproduce, tmp_path, monkeypatch):
    run = tmp_path / "runs" / "cifar10_plain20-seed1"
    run.mkdir(parents=True)
    (run / "results.json").write_text('{"metrics": {"top1_error": 9.5}, "iterations": 64000}')
    monkeypatch.setattr("backbones.config.CONFIG_FOLDER", tmp_path / "configs")
    (tmp_path / "configs").mkdir()
    assert reproduce.main(["fig1", "--output", str(tmp_path), "--publish"]) == 0
    reproduce.main(["fig1", "--output", str(tmp_path / "elsewhere")])
    assert "| plain-20 | 9.50 |" in (tmp_path / "elsewhere" / "fig1.md").read_text()


@pytest.mark.parametrize(
    ("argv", "fault"),
    [
        (["--data", "{root}", "--only", "ResNet-20"], "must name rows of plain-20, plain-56, got"),
        (["--data", "{root}", "SOLVER.MAX_ITER"], "must be KEY VALUE pairs, got 'SOLVER.MAX_ITER'"),
        (["--data", "{root}/train/dark"], r"must hold train/<class>/ folders"),
        (["--data", "{root}", "SOLVER.MAX_ITERS", "3"], "did you mean"),
    ],
)
def test_a_fault_is_one_clear_error(reproduce, images, tmp_path, argv, fault):
    argv = [word.replace("{root}", str(images)) for word in argv]
    with pytest.raises(ValueError, match=fault):
        reproduce.main(["fig1", "--output", str(tmp_path), *argv])


@pytest.mark.parametrize(
    ("target", "way"),
    [
        ("table7", r"; train its networks by torchrun with resdet train-det --output .*-seed<n>, "),
        ("fig2", "; leave torchrun out"),
        ("all", "; leave torchrun out"),
    ],
)
def test_several_processes_are_told_once(reproduce, tmp_path, monkeypatch, target, way):
    monkeypatch.setattr("backbones.machine.distributed.world_size", lambda: 2)
    argv = [target, "--output", str(tmp_path / "out")]
    with pytest.raises(ValueError, match=rf"must run in one process, got 2{way}"):
        reproduce.main(argv)
    monkeypatch.setattr("backbones.machine.distributed.rank", lambda: 1)
    with pytest.raises(ValueError, match="^$"):
        reproduce.main(argv)
    assert not (tmp_path / "out").exists()


def test_a_smoke_has_its_folder_alone(reproduce, tmp_path, monkeypatch):
    def taken(folder):
        raise OSError(f"{folder} is taken")

    monkeypatch.setattr("backbones.training.alone.held", taken)
    with pytest.raises(OSError, match="smoke is taken"):
        reproduce.main(["fig2", "--scale", "smoke", "--output", str(tmp_path)])
    assert reproduce.main(["fig2", "--output", str(tmp_path)]) == 0


def test_the_help_tells_who_takes_what(reproduce, capsys):
    with pytest.raises(SystemExit):
        reproduce.main(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    for words in (
        "in <output>/small (table7 to table10)",
        "runs of each network [1] (table2 to table8, fig1, fig4, fig6 to fig7; small: table9)",
        "measure these rows (table2 to table11, fig1, fig4, fig6 to fig7)",
        "to train and test on (table2 to table14, fig1, fig4, fig6 to fig7)",
    ):
        assert words in told


@pytest.mark.parametrize(
    "argv",
    [["table15"], ["fig1", "--seeds", "0"], ["fig1", "--scale", "smoke", "--publish"]],
)
def test_faulty_arguments(reproduce, argv, capsys):
    with pytest.raises(SystemExit):
        reproduce.main(argv)
    assert "error: " in capsys.readouterr().err


def test_results_are_published_in_a_checkout_only(reproduce, monkeypatch, capsys):
    monkeypatch.setattr("backbones.files.shipped.is_checkout", lambda: False)
    with pytest.raises(SystemExit):
        reproduce.parse(["fig1", "--publish"])
    assert "--publish must be in a checkout" in capsys.readouterr().err


def test_rows_end_where_keys_begin(reproduce):
    given = ["--data", "images", "--only"]
    args = reproduce.parse(["table3", *given, "VGG-16", "ResNet-34 A", "SOLVER.MAX_ITER", "5"])
    assert args.only == ["VGG-16", "ResNet-34 A"]
    assert args.overrides == ["SOLVER.MAX_ITER", "5"]
    args = reproduce.parse(["table3", *given, "VGG-16", "--seeds", "2", "VERSION", "2"])
    assert (args.only, args.overrides) == (["VGG-16"], ["VERSION", "2"])
    args = reproduce.parse(["table6", *given, "NIN", "DSN", "SOLVER.MAX_ITER", "5"])
    assert (args.only, args.overrides) == (["NIN", "DSN"], ["SOLVER.MAX_ITER", "5"])


def test_every_key_of_a_config_ends_the_rows(reproduce):
    from backbones.config import default_config as of_classifiers
    from resdet.config import default_config as of_detectors

    for cfg in (of_classifiers(), of_detectors()):
        for key in [name for name, value in cfg.items() if not isinstance(value, dict)]:
            argv = ["table6", "--data", "images", "--only", "NIN", key, "1"]
            assert reproduce.arguments().parse_args(argv).only == ["NIN"]


def test_all_go_on_one_page_and_a_fault_is_told_at_the_end(
    reproduce, tmp_path, monkeypatch, capsys
):
    targets = {"table1": page.TARGETS["table1"], "table12": page.TARGETS["table12"]}
    monkeypatch.setattr(page, "TARGETS", targets)
    argv = ["all", "--output", str(tmp_path)]
    assert reproduce.main(argv) == 0
    assert capsys.readouterr().out == (
        f"table1  7/7 rows measured\ntable12 0/3 rows measured\n{tmp_path / 'all.html'}\n"
    )
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "imagenet_det_r101.json").write_text("{")
    assert reproduce.main(argv) == 1
    assert "table12 " in (told := capsys.readouterr().out)
    assert "imagenet_det_r101.json" in told
    assert (tmp_path / "all.html").read_text().count("<section") == 2


def test_all_takes_no_data(reproduce, tmp_path, capsys):
    with pytest.raises(SystemExit):
        reproduce.parse(["all", "--data", str(tmp_path)])
    assert "error: all takes only --output, --scale\n" in capsys.readouterr().err
