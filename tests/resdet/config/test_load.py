from __future__ import annotations

from pathlib import Path

import pytest

from resdet import config
from resdet.config import CONFIG_FOLDER, ConfigError

SHIPPED = sorted(p.name for p in CONFIG_FOLDER.glob("*.yaml") if not p.name.startswith("base_"))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configs_load_and_pass_the_check(name: str) -> None:
    of_data = ["DATASETS.TRAIN", "['voc:.:train']"] if name.startswith("own_") else []
    config.check(config.load(name, of_data))


def test_a_config_for_own_data_asks_for_it() -> None:
    with pytest.raises(ConfigError, match=r"DATASETS.TRAIN must name a dataset, .* --data DIR"):
        config.check(config.load("own_r18"))


def test_a_config_is_found_by_bare_name_and_by_path() -> None:
    by_name = config.load("coco_r101")
    assert by_name == config.load("coco_r101.yaml")
    assert by_name == config.load(str(CONFIG_FOLDER / "coco_r101.yaml"))


def test_a_miss_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"must be a file or one of .*coco_r101\.yaml"):
        config.load("coco_r10.yaml")


def test_base_is_read_first_and_the_command_line_last(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("SOLVER: {BASE_LR: 1e-3, MAX_ITER: 5, GAMMA: 0.5}\n")
    (tmp_path / "b.yaml").write_text("_BASE_: a.yaml\nSOLVER: {MAX_ITER: 6, GAMMA: 0.25}\n")
    cfg = config.load(str(tmp_path / "b.yaml"), ["SOLVER.GAMMA", "0.125"])
    assert (cfg.SOLVER.BASE_LR, cfg.SOLVER.MAX_ITER, cfg.SOLVER.GAMMA) == (0.001, 6, 0.125)


def test_a_base_that_leads_back_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("_BASE_: b.yaml\n")
    (tmp_path / "b.yaml").write_text("_BASE_: a.yaml\n")
    with pytest.raises(ConfigError, match=r"_BASE_ must not lead back to a\.yaml"):
        config.load(str(tmp_path / "a.yaml"))


def test_a_missing_base_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("_BASE_: gone.yaml\n")
    with pytest.raises(
        ConfigError, match=r"_BASE_ of a\.yaml must be an existing file, got .*gone"
    ):
        config.load(str(tmp_path / "a.yaml"))


def test_a_key_in_small_letters_is_answered_with_ours() -> None:
    with pytest.raises(ConfigError, match=r"solver.max_iter .*; did you mean SOLVER.MAX_ITER"):
        config.load("shapes_r18", ["solver.max_iter", "3"])


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("SOLVER: {BASE_LRR: 1, MAX_ITER: many}\nMODEL: 3\n")
    with pytest.raises(ConfigError) as caught:
        config.load(str(tmp_path / "a.yaml"), ["SEEED", "1"])
    text = str(caught.value)
    assert "4 faults" in text
    assert "SOLVER.BASE_LRR (a.yaml) is not a known key; did you mean SOLVER.BASE_LR" in text
    assert "SOLVER.MAX_ITER (a.yaml) must be int, got 'many'" in text
    assert "MODEL (a.yaml) must be CfgNode, got 3" in text
    assert "SEEED (command line) is not a known key" in text


def test_booleans_and_numbers_do_not_pass_for_each_other() -> None:
    with pytest.raises(ConfigError, match=r"SOLVER.MAX_ITER .* must be int, got True"):
        config.load("coco_r101", ["SOLVER.MAX_ITER", "True"])
    with pytest.raises(ConfigError, match=r"SOLVER.NESTEROV .* must be bool, got 1"):
        config.load("coco_r101", ["SOLVER.NESTEROV", "1"])


def test_an_odd_override_is_refused() -> None:
    with pytest.raises(ConfigError, match="overrides must be KEY VALUE pairs"):
        config.load("coco_r101", ["SOLVER.MAX_ITER"])


def test_yaml_that_would_run_code_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("OUTPUT_DIR: !!python/object/apply:os.getcwd []\n")
    with pytest.raises(ConfigError, match="must be plain YAML"):
        config.load(str(tmp_path / "a.yaml"))


def test_a_config_survives_the_way_into_a_checkpoint() -> None:
    cfg = config.load("shapes_vgg16", ["SOLVER.BASE_LR", "0.5"])
    assert config.loads(cfg.dump(), "model.pth") == cfg


def test_elements_of_lists_take_the_type_of_the_default() -> None:
    cfg = config.load("coco_r101", ["MODEL.PIXEL_MEAN", "[104, 117, 123]"])
    assert cfg.MODEL.PIXEL_MEAN == [104.0, 117.0, 123.0]
    assert all(isinstance(value, float) for value in cfg.MODEL.PIXEL_MEAN)
    faults = {"INPUT.MIN_SIZE_TRAIN": "['a']", "MODEL.ANCHOR_GENERATOR.SIZES": "[16]"}
    for key, value in faults.items():
        with pytest.raises(ConfigError, match=rf"{key} \(command line\) must be .* of .*int, got"):
            config.load("coco_r101", [key, value])
