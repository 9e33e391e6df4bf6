"""How others name the layers of our networks."""

from __future__ import annotations

Rules = tuple[tuple[str, str], ...]

# From our keys to theirs: regular expressions applied in turn.
TORCHVISION: Rules = (
    (r"^stem\.", ""),
    *((rf"^res{i + 1}\.", f"layer{i}.") for i in (1, 2, 3, 4)),
    (r"\bshortcut\.conv\.", "downsample.0."),
    (r"\bshortcut\.norm\.", "downsample.1."),
    (r"\bnorm", "bn"),
)
AKAMASTER: Rules = (*TORCHVISION, (r"\bdownsample\.", "shortcut."), (r"^fc\.", "linear."))
DETECTRON2: Rules = (
    (r"^fc\.", "stem.fc."),
    (r"\bshortcut\.conv\.", "shortcut."),
    (r"\bnorm(\d)\.", r"conv\1.norm."),
)
MSRA: Rules = (
    (r"^stem\.conv1\.", "conv1."),
    (r"^stem\.norm1\.", "res_conv1_bn."),
    (r"^fc\.", "fc1000."),
    (r"\.shortcut\.conv\.", ".branch1."),
    (r"\.shortcut\.norm\.", ".branch1_bn."),
    *((rf"\.conv{i}\.", f".branch2{letter}.") for i, letter in enumerate("abc", 1)),
    *((rf"\.norm{i}\.", f".branch2{letter}_bn.") for i, letter in enumerate("abc", 1)),
    (r"_bn\.weight$", "_bn.gamma"),
    (r"_bn\.bias$", "_bn.beta"),
    (r"\.weight$", ".w"),
    (r"\.bias$", ".b"),
    (r"\.", "_"),
)
# torchvision's GoogLeNet
GOOGLENET: Rules = (
    (r"^stem\.unit\.", "conv1."),
    (r"^res2\.reduce3x3\.", "conv2."),
    (r"^res2\.conv3x3\.", "conv3."),
    (r"^res\d\.", ""),
    (r"\.conv1x1\.", ".branch1."),
    (r"\.reduce3x3\.", ".branch2.0."),
    (r"\.conv3x3\.", ".branch2.1."),
    (r"\.reduce5x5\.", ".branch3.0."),
    (r"\.conv5x5\.", ".branch3.1."),
    (r"\.project\.", ".branch4.1."),
    *((rf"^companions\.{i}\.", f"aux{i + 1}.") for i in (0, 1)),
    (r"^(aux\d)\.reduce\.", r"\1.conv."),
    (r"^(aux\d)\.hidden\.", r"\1.fc1."),
    (r"^(aux\d)\.fc\.", r"\1.fc2."),
    (r"\.norm\.", ".bn."),
)
# Source: github.com/Cadene/pretrained-models.pytorch, bninception.py.
PRETRAINEDMODELS: Rules = (
    (r"^stem\.unit\.", "conv1_7x7_s2."),
    (r"^res2\.", "conv2_"),
    (r"^res\d\.inception(\w+)\.", r"inception_\1_"),
    (r"_reduce3x3\.", "_3x3_reduce."),
    (r"_conv3x3\.", "_3x3."),
    (r"_conv1x1\.", "_1x1."),
    (r"_reduce_double\.", "_double_3x3_reduce."),
    (r"_double(\d)\.", r"_double_3x3_\1."),
    (r"_project\.", "_pool_proj."),
    (r"\.conv\.", "."),
    (r"\.norm\.", "_bn."),
    (r"^fc\.", "last_linear."),
)
