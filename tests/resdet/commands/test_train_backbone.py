"""Train-backbone from the command line's side; nothing is trained."""

import pytest

from resdet.commands import train_backbone


@pytest.fixture
def trained(monkeypatch):
    """What the training was called with; `finished` is what there is already."""
    asked = {"finished": None}

    def train(cfg, output, *, resume):
        asked.update(cfg=cfg, output=output, resume=resume)
        return {"iterations": 9, "metrics": {"top1_error": 12.345}}

    monkeypatch.setattr("backbones.training.classification.train_classifier", train)
    monkeypatch.setattr(
        "backbones.training.report.finished_results", lambda cfg, output: asked["finished"]
    )
    return asked


def test_the_run_lies_where_it_is_told_and_its_errors_are_printed(trained, tmp_path, capsys):
    argv = ["--config", "cifar10_resnet20", "--output", str(tmp_path), "SEED", "5"]
    assert train_backbone.main(argv) == 0
    assert (trained["cfg"].SEED, trained["output"], trained["resume"]) == (5, tmp_path, False)
    told = capsys.readouterr().out.splitlines()
    assert told == [
        f"cifar10_resnet20 -> {tmp_path}/",
        f"{tmp_path}/model_final.pth  top1_error 12.35 %",
    ]


def test_words_that_people_type_are_keys_of_the_config(trained, tmp_path):
    words = ["--device", "cpu", "--iters", "7", "--workers", "0"]
    argv = ["--config", "cifar10_resnet20", "--output", str(tmp_path), *words]
    train_backbone.main(argv)
    cfg = trained["cfg"]
    assert (cfg.MODEL.DEVICE, cfg.SOLVER.MAX_ITER, cfg.DATALOADER.NUM_WORKERS) == ("cpu", 7, 0)


def test_epochs_count_the_images(trained, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("backbones.training.length.count_images", lambda cfg: 50)
    argv = ["--config", "cifar10_resnet20", "--output", str(tmp_path), "--epochs", "64"]
    train_backbone.main([*argv, "--lr", "0.2", "SOLVER.IMS_PER_BATCH", "5"])
    solver = trained["cfg"].SOLVER
    assert (solver.MAX_ITER, list(solver.STEPS), solver.BASE_LR) == (640, [320, 480], 0.2)
    assert "length   64 epochs of 50 images, 5 in an iteration" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"--epochs and SOLVER\.MAX_ITER both say how long"):
        train_backbone.main([*argv, "SOLVER.MAX_ITER", "7"])


def test_a_finished_run_is_not_trained(trained, tmp_path, capsys):
    trained["finished"] = {"iterations": 3, "metrics": {}}
    train_backbone.main(["--config", "cifar10_resnet20", "--output", str(tmp_path), "--resume"])
    assert "cfg" not in trained
    assert f"{tmp_path} is finished already: 3 iterations; raise" in capsys.readouterr().out


def test_what_is_finished_stands_only_where_a_run_is_to_go_on(trained, tmp_path):
    trained["finished"] = {"iterations": 3, "metrics": {}}
    train_backbone.main(["--config", "cifar10_resnet20", "--output", str(tmp_path)])
    assert not trained["resume"]


def test_weights_to_start_from_are_there(trained, tmp_path):
    argv = ["--config", "cifar10_resnet20", "--output", str(tmp_path), "--init-from"]
    with pytest.raises(FileNotFoundError, match="--init-from must be an existing file, got /no"):
        train_backbone.main([*argv, "/no.pth"])
    (tmp_path / "a.pth").touch()
    train_backbone.main([*argv, str(tmp_path / "a.pth")])
    weights = trained["cfg"].MODEL.WEIGHTS
    assert weights == str(tmp_path / "a.pth")
