"""detectron2's own detectors in our engines: by files of our making, and by detectron2 itself."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from backbones.weights.interop import load_weights
from resdet import config, engines
from resdet.checkpoints import checkpoint
from resdet.checkpoints.detectron2_names import Layout, to_detectron2
from resdet.checkpoints.foreign import from_detectron2, state_of
from resdet.config import ConfigError
from resdet.detector.build import build_model, initialize_model, load_model, restore_model
from resdet.detector.inference import build_detector, load_detector
from resdet.modeling.parts import build_network, build_parts
from resdet.structures.classes import COCO_CLASSES, VOC_CLASSES
from resdet.training import train as training

TV = engines.load("tv")
HIDDEN = ["FC6FC7Head", "ROIAlignV2", 7]
HEADS = {"C4": ["Conv5Head", "ROIAlignV2", 14], "DC5": HIDDEN, "FPN": HIDDEN}
CONFIGS = {"C4": "coco_r50_c4", "DC5": "coco_r50_dc5", "FPN": "coco_r50_fpn"}
SLIM = ("MODEL.BACKBONE.WIDTH", "0.125", "MODEL.FPN.OUT_CHANNELS", "16")
SIDE = 96  # the shorter one of every image here, so that nothing is resized


def foreign_state(structure: str, num_classes: int = 6, *more: str) -> dict[str, torch.Tensor]:
    """A slim ResNet-50 detector of random weights under detectron2's names."""
    slim = ("MODEL.ROI_HEADS.NUM_CLASSES", str(num_classes), "MODEL.ROI_BOX_HEAD.FC_DIM", "32")
    cfg = config.load(CONFIGS[structure], [*SLIM, *slim, "MODEL.WEIGHTS", "''", *more])
    torch.manual_seed(0)
    model, _ = build_model(cfg, TV)
    return to_detectron2(TV.canonical_state(model), Layout(structure, "resnet50"), structure)


def as_zoo(path: Path, state: dict[str, torch.Tensor]) -> Path:
    """A .pkl as detectron2's model zoo ships them."""
    arrays = {key: value.numpy() for key, value in state.items()}
    with path.open("wb") as file:
        pickle.dump({"model": arrays, "__author__": "Detectron2 Model Zoo"}, file)
    return path


@pytest.mark.parametrize("structure", CONFIGS)
def test_a_file_brings_its_config(structure: str, tmp_path: Path) -> None:
    path = as_zoo(tmp_path / "zoo.pkl", foreign_state(structure))
    saved = checkpoint.load(path)
    cfg, model = saved.cfg, saved.cfg.MODEL
    assert saved.foreign
    assert saved.class_names == tuple(f"class{i}" for i in range(6))
    assert (cfg.INPUT.FORMAT, cfg.INPUT.MIN_SIZE_TEST, cfg.INPUT.MAX_SIZE_TEST) == (
        "BGR",
        800,
        1333,
    )
    assert (model.PIXEL_MEAN, model.PIXEL_STD) == ([103.53, 116.28, 123.675], [1.0] * 3)
    resnets = model.RESNETS
    assert (resnets.DEPTH, resnets.STRIDE_IN_1X1, resnets.NORM) == (50, True, "FrozenBN")
    assert (resnets.RES5_DILATION > 1) is (structure == "DC5")
    assert (model.BACKBONE.WIDTH, model.ROI_HEADS.NUM_CLASSES) == (0.125, 6)
    head = model.ROI_BOX_HEAD
    described = [head.NAME, head.POOLER_TYPE, head.POOLER_RESOLUTION]
    assert described == HEADS[structure]
    if structure != "C4":
        assert head.FC_DIM == 32
    if structure == "FPN":
        assert model.FPN.OUT_CHANNELS == 16


@pytest.mark.parametrize("structure", CONFIGS)
def test_shipped_configs_are_those_of_the_files(structure: str, tmp_path: Path) -> None:
    found = from_detectron2(foreign_state(structure, 80), "zoo.pkl").cfg
    shipped = config.load(CONFIGS[structure], SLIM)
    shipped.MODEL.WEIGHTS, shipped.MODEL.ROI_BOX_HEAD.FC_DIM = "", found.MODEL.ROI_BOX_HEAD.FC_DIM
    shipped.MODEL.FPN.OUT_CHANNELS = found.MODEL.FPN.OUT_CHANNELS
    assert shipped.MODEL.dump() == found.MODEL.dump()
    assert shipped.TEST.dump() == found.TEST.dump()
    for key in ("FORMAT", "MIN_SIZE_TEST", "MAX_SIZE_TEST"):
        assert shipped.INPUT[key] == found.INPUT[key]


@pytest.mark.parametrize(("count", "names"), [(80, COCO_CLASSES), (20, VOC_CLASSES)])
def test_classes_are_named_by_their_number(count: int, names: tuple[str, ...]) -> None:
    found = from_detectron2(foreign_state("FPN", count), "zoo.pkl")
    assert found.class_names == names
    assert len(set(names)) == count


def test_what_a_file_cannot_say_is_given() -> None:
    given = ("MODEL.PIXEL_STD", "[57.0, 57.5, 58.0]", "DATASETS.CLASSES", "['a', 'b']")
    state = foreign_state("FPN", 2)
    found = from_detectron2(state, "zoo.pkl", (*given, "MODEL.RESNETS.DEPTH", "101"))
    assert found.cfg.MODEL.PIXEL_STD == [57.0, 57.5, 58.0]
    assert found.class_names == ("a", "b")
    assert found.cfg.MODEL.RESNETS.DEPTH == 50  # what it says stands
    with pytest.raises(ConfigError, match="MODEL.PIXEL_SDT .* is not a known key"):
        from_detectron2(state, "zoo.pkl", ("MODEL.PIXEL_SDT", "[1, 1, 1]"))


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model._orig_mod."])
def test_wrappers_are_taken_off(prefix: str) -> None:
    state = foreign_state("C4", 2)
    wrapped = {f"{prefix}{key}": value for key, value in state.items()}
    for payload in ({"model": wrapped, "args": {}}, wrapped):
        assert (state_of(payload) or {}).keys() == state.keys()


def test_what_an_older_file_says_is_believed() -> None:
    state = foreign_state("C4", 2, "MODEL.ANCHOR_GENERATOR.SIZES", "[[16, 48]]")
    with pytest.raises(ValueError, match=r"must have 15 anchors a cell, .* got 6; override MODEL"):
        from_detectron2(state, "zoo.pkl")
    half = torch.tensor([[s / r**0.5, s * r**0.5] for s in (16, 48) for r in (0.5, 1, 2)]) / 2
    state["proposal_generator.anchor_generator.cell_anchors.0"] = torch.cat([-half, half], 1)
    state["pixel_mean"] = torch.tensor([1.5, 2.5, 3.5]).view(3, 1, 1)
    found = from_detectron2(state, "zoo.pkl").cfg.MODEL
    assert found.PIXEL_MEAN == [1.5, 2.5, 3.5]
    assert found.ANCHOR_GENERATOR.SIZES == [[16, 48]]
    assert found.ANCHOR_GENERATOR.ASPECT_RATIOS == [[0.5, 1.0, 2.0]]


def test_networks_that_are_not_ours_are_refused() -> None:
    wide = foreign_state("FPN")
    key = "backbone.bottom_up.res2.0.conv2.weight"
    wide[key] = torch.zeros(32, 1, 3, 3)  # as the groups of a ResNeXt
    with pytest.raises(ValueError, match=r"its stem \(8, 8, 3, 3\), got \(32, 1, 3, 3\); ResNeXt"):
        from_detectron2(wide, "zoo.pkl")
    agnostic = foreign_state("FPN")
    agnostic["roi_heads.box_predictor.bbox_pred.weight"] = torch.zeros(4, 32)
    with pytest.raises(ValueError, match="4 rows for each of 6 classes, got 4; class-agnostic"):
        from_detectron2(agnostic, "zoo.pkl")


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
            return Path.touch, (tmp_path / "ran",)  # type: ignore[return-value]

    path = tmp_path / "zoo.pkl"
    state: dict[str, Any] = {"backbone.stem.conv1.weight": Bomb()}
    path.write_bytes(pickle.dumps({"model": state, "__author__": "Detectron2 Model Zoo"}))
    with pytest.raises(ValueError, match=r"zoo\.pkl must hold NumPy arrays and plain values only"):
        load_detector(path, engine="tv")
    assert not (tmp_path / "ran").exists()


def test_a_config_takes_what_it_would_have_to_type(tmp_path: Path) -> None:
    """An RGB recipe of ours, with other anchors and the stride elsewhere, on a zoo's weights."""
    path = as_zoo(tmp_path / "zoo.pkl", foreign_state("C4", 20))
    cfg = config.load("voc0712_r101", ["MODEL.RESNETS.DEPTH", "50", *SLIM, "MODEL.WEIGHTS", "''"])
    model, lines = restore_model(cfg, TV, checkpoint.load(path), "zoo.pkl")
    assert cfg.INPUT.FORMAT == "BGR"
    assert cfg.MODEL.PIXEL_STD == [1.0] * 3
    assert cfg.MODEL.RESNETS.STRIDE_IN_1X1
    assert cfg.MODEL.ANCHOR_GENERATOR.SIZES == [[32, 64, 128, 256, 512]]
    assert cfg.INPUT.MIN_SIZE_TEST == 600  # the recipe's own
    assert "MODEL.RESNETS.STRIDE_IN_1X1 True from the weights (config: False)" in lines
    first = model.get_submodule("backbone.res3.0")
    assert first.get_submodule("conv1").stride == (2, 2)
    other = config.load("voc0712_r101", [*SLIM, "MODEL.WEIGHTS", "''"])
    with pytest.raises(ConfigError, match=r"RESNETS\.DEPTH must be 50, as in zoo\.pkl, got 101"):
        restore_model(other, TV, checkpoint.load(path), "zoo.pkl")


def test_other_classes_get_a_new_predictor(tmp_path: Path) -> None:
    path = as_zoo(tmp_path / "zoo.pkl", foreign_state("FPN", 80))
    saved = checkpoint.load(path)
    cfg = config.load("voc0712_r101_fpn", ["MODEL.RESNETS.DEPTH", "50", *SLIM])
    model, lines = initialize_model(cfg, TV, saved, "zoo.pkl", VOC_CLASSES)
    state = TV.canonical_state(model)
    assert state["box_predictor.cls_score.weight"].shape[0] == 21
    assert torch.equal(state["box_head.fc6.weight"], saved.model["box_head.fc6.weight"])
    assert "all weights from zoo.pkl but box_predictor.*" in lines[0]


def test_training_starts_from_a_foreign_file(small_config: Callable, tmp_path: Path) -> None:
    path = as_zoo(tmp_path / "zoo.pkl", foreign_state("FPN", 6))
    short = ("SOLVER.MAX_ITER", "1", "DATASETS.TEST", "[]", "MODEL.RESNETS.NORM", "FrozenBN")
    texts = []
    for index, weights in enumerate(("''", str(path))):
        cfg = small_config("MODEL.WEIGHTS", weights, *short, *SLIM, base="coco_r50_fpn")
        shapes = config.load("shapes_r18").DATASETS
        cfg.DATASETS.TRAIN, cfg.MODEL.ROI_HEADS.NUM_CLASSES = shapes.TRAIN, 6
        run = tmp_path / f"run{index}"
        init_from = None if index else path
        training.train_detector(cfg, TV, "zoo", run, init_from=init_from)
        texts.append((run / "log.txt").read_text())
        assert not checkpoint.load(run / "model_final.pth").foreign
    assert all(f"all weights from {path} but box_predictor" in text for text in texts)


def test_dilation_needs_a_res5_that_the_trunk_holds() -> None:
    for name in ("coco_r50_c4", "coco_r50_fpn"):
        with pytest.raises(ConfigError, match="MODEL.RESNETS.RES5_DILATION must be 1 on an FPN"):
            config.check(config.load(name, ["MODEL.RESNETS.RES5_DILATION", "2"]))
    with pytest.raises(ConfigError, match="below depth 50, got 2"):
        config.check(config.load("coco_r50_dc5", ["MODEL.RESNETS.DEPTH", "34"]))
    parts = build_parts(config.load("coco_r50_dc5", [*SLIM, "MODEL.WEIGHTS", "''"]))
    assert (parts.infos["res5"].stride, parts.infos["res5"].channels) == (16, 256)


@pytest.mark.parametrize("engine", ["tv", "d2"])
def test_msra_weights_bring_their_preprocessing(
    engine: str, small_config: Callable, tmp_path: Path
) -> None:
    """A config that says RGB and torchvision's statistics, on an MSRA .pkl."""
    if engine == "d2":
        pytest.importorskip("detectron2")
    from backbones.weights.keymaps import KINDS, from_ours

    rgb = ("INPUT.FORMAT", "RGB", "MODEL.PIXEL_STD", "[58.395, 57.12, 57.375]")
    norm = ("MODEL.RESNETS.NORM", "FrozenBN", "MODEL.RESNETS.STRIDE_IN_1X1", "True")
    cfg = small_config("MODEL.RESNETS.DEPTH", "50", *norm, *rgb, base="voc0712_r101")
    network = build_network(cfg)
    torch.manual_seed(1)
    state = {k: torch.rand(v.shape) + 0.1 for k, v in network.state_dict().items()}
    blobs = from_ours(KINDS["msra"], network, state)
    path = tmp_path / "R-50.pkl"
    path.write_bytes(pickle.dumps({k: v.numpy() for k, v in blobs.items()}))
    cfg.MODEL.WEIGHTS = str(path)
    chosen = engines.load(engine)
    model, lines = build_model(cfg, chosen)
    assert cfg.INPUT.FORMAT == "BGR"
    assert cfg.MODEL.PIXEL_MEAN == [103.53, 116.28, 123.675]
    assert cfg.MODEL.PIXEL_STD == [1.0, 1.0, 1.0]
    assert "INPUT.FORMAT BGR from the weights (config: RGB)" in lines
    found = chosen.canonical_state(model)
    load_weights(network, str(path), drop_classifier=True)
    for place, key in (("trunk.", "res4.5.conv3.weight"), ("box_head.", "res5.2.norm2.bias")):
        assert torch.equal(found[place + key], network.state_dict()[key])
        assert torch.equal(found[place + key], state[key])


# below: models that detectron2 builds

NUM_CLASSES = {"C4": 20, "DC5": 6, "FPN": 80}


def their_config(structure: str) -> Any:
    """get_cfg() with what its Base-RCNN-*.yaml say, an eighth as wide."""
    from detectron2.config import get_cfg

    cfg = get_cfg()
    model, resnets = cfg.MODEL, cfg.MODEL.RESNETS
    model.DEVICE = "cpu"
    resnets.STEM_OUT_CHANNELS, resnets.RES2_OUT_CHANNELS, resnets.WIDTH_PER_GROUP = 8, 32, 8
    model.ROI_HEADS.NUM_CLASSES = NUM_CLASSES[structure]
    if structure != "C4":
        model.ROI_HEADS.NAME, model.ROI_BOX_HEAD.NAME = "StandardROIHeads", "FastRCNNConvFCHead"
        model.ROI_BOX_HEAD.NUM_FC, model.ROI_BOX_HEAD.POOLER_RESOLUTION = 2, 7
        model.ROI_BOX_HEAD.FC_DIM = 64
    if structure == "DC5":
        resnets.OUT_FEATURES = model.RPN.IN_FEATURES = model.ROI_HEADS.IN_FEATURES = ["res5"]
        resnets.RES5_DILATION = 2
    if structure == "FPN":
        model.BACKBONE.NAME = "build_resnet_fpn_backbone"
        resnets.OUT_FEATURES = model.FPN.IN_FEATURES = ["res2", "res3", "res4", "res5"]
        model.FPN.OUT_CHANNELS = 32
        model.ANCHOR_GENERATOR.SIZES = [[32], [64], [128], [256], [512]]
        model.RPN.IN_FEATURES = ["p2", "p3", "p4", "p5", "p6"]
        model.RPN.PRE_NMS_TOPK_TEST = 1000
        model.ROI_HEADS.IN_FEATURES = ["p2", "p3", "p4", "p5"]
    return cfg


def images() -> list[np.ndarray]:
    """Squares of 8 pixels with noise, (96, 136), (160, 96) and (96, 96)."""
    rng = np.random.default_rng(0)
    coarse = [rng.integers(0, 230, (h, w, 3)) for h, w in ((12, 17), (20, 12), (12, 12))]
    fine = [np.kron(c, np.ones((8, 8, 1))) for c in coarse]
    return [(f + rng.integers(0, 26, f.shape)).astype(np.uint8) for f in fine]


def their_detections(model: Any, image: np.ndarray) -> tuple[torch.Tensor, ...]:
    """Boxes, labels, scores of a BGR image."""
    height, width = image.shape[:2]
    tensor = torch.from_numpy(image.transpose(2, 0, 1).astype(np.float32))
    inputs = [{"image": tensor, "height": height, "width": width}]
    found = model(inputs)[0]["instances"]
    return found.pred_boxes.tensor, found.pred_classes, found.scores


@torch.no_grad()
def detectron2_model(structure: str) -> Any:
    """Built by detectron2; random weights under which regions differ and many pass."""
    pytest.importorskip("detectron2")
    from detectron2.modeling import build_model as build_theirs

    torch.manual_seed(0)
    model = build_theirs(their_config(structure)).eval()
    for name, buffer in model.named_buffers():
        if ".norm." in name:
            spread = {"weight": (0.8, 1.2), "running_var": (0.5, 1.5)}
            buffer.uniform_(*spread.get(name.rsplit(".", 1)[1], (-0.2, 0.2)))
            if "conv3.norm.weight" in name:
                buffer.mul_(0.4)
    wanted = {
        "proposal_generator.rpn_head.objectness_logits": 2.0,
        "proposal_generator.rpn_head.anchor_deltas": 0.2,
        "roi_heads.box_predictor.cls_score": 3.0,
        "roi_heads.box_predictor.bbox_pred": 0.5,
    }
    for name, deviation in wanted.items():  # scaled by what they give, in the order they run
        layer, outputs = model.get_submodule(name), []
        torch.nn.init.normal_(layer.weight)
        hook = layer.register_forward_hook(lambda _, __, out, seen=outputs: seen.append(out))
        their_detections(model, images()[0])
        hook.remove()
        columns = torch.cat([o.transpose(0, 1).flatten(1).T if o.ndim == 4 else o for o in outputs])
        factor = deviation / columns.std(0)
        layer.weight.mul_(factor.view(-1, *[1] * (layer.weight.ndim - 1)))
        layer.bias.copy_(-columns.mean(0) * factor)
    return model


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Any, Path, Path]]:
    """`theirs("C4")`: a model, its file by detectron2's checkpointer, and as the zoo has it."""
    made: dict[str, tuple[Any, Path, Path]] = {}

    def make(structure: str) -> tuple[Any, Path, Path]:
        if structure not in made:
            model = detectron2_model(structure)
            from detectron2.checkpoint import DetectionCheckpointer

            folder = tmp_path_factory.mktemp(structure)
            DetectionCheckpointer(model, str(folder)).save("model_final", iteration=89999)
            state = dict(model.state_dict())
            anchors = "proposal_generator.anchor_generator.cell_anchors"
            for index, boxes in enumerate(model.get_submodule(anchors)):
                state[f"{anchors}.{index}"] = boxes
            zoo = as_zoo(folder / "model_final_aaaaaa.pkl", state)
            made[structure] = model, folder / "model_final.pth", zoo
        return made[structure]

    return make


@pytest.mark.detectron2
@pytest.mark.parametrize("structure", CONFIGS)
def test_both_files_say_the_same(theirs: Callable, structure: str) -> None:
    _, pth, zoo = theirs(structure)
    first, second = checkpoint.load(pth), checkpoint.load(zoo)
    assert first.cfg == second.cfg
    assert first.model.keys() == second.model.keys()
    assert all(torch.equal(first.model[k], second.model[k]) for k in first.model)
    assert (first.iteration, second.iteration) == (90000, 0)
    assert len(first.class_names) == NUM_CLASSES[structure]


@pytest.mark.detectron2
@pytest.mark.parametrize("engine", ["tv", "d2"])
@pytest.mark.parametrize("structure", CONFIGS)
def test_detectron2s_own_detections(theirs: Callable, structure: str, engine: str) -> None:
    model, pth, _ = theirs(structure)
    chosen = engines.load(engine)
    saved = checkpoint.load(pth)
    saved.cfg.INPUT.MIN_SIZE_TEST = SIDE
    ours = build_detector(saved.cfg, load_model(saved, chosen, "pth")[0], (), chosen)
    pictures = images()
    for image, found in zip(pictures, ours.predict_named(enumerate(pictures))):
        with torch.no_grad():
            boxes, labels, scores = (t.numpy() for t in their_detections(model, image))
        assert len(found) == len(boxes) > 30
        assert len(np.unique(scores.round(5))) > 0.9 * len(scores)
        distances = np.abs(found.boxes[:, None] - boxes[None]).max(2)
        distances += 1e3 * (found.labels[:, None] != labels[None])
        partner = distances.argmin(1)
        assert sorted(partner) == list(range(len(boxes)))
        assert distances.min(1).max() < 1e-3
        assert np.abs(found.scores - scores[partner]).max() < 1e-4


@pytest.mark.detectron2
def test_names_of_classes_are_detectron2s() -> None:
    pytest.importorskip("detectron2")
    from detectron2.data import MetadataCatalog

    assert tuple(MetadataCatalog.get("coco_2017_val").thing_classes) == COCO_CLASSES
    assert tuple(MetadataCatalog.get("voc_2007_test").thing_classes) == VOC_CLASSES
