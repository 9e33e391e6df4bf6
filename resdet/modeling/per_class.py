"""A localiser's heads: each class has a logit and a box of its own, none is the background.

Source: He et al. 2016, Appendix C, "ImageNet Localization".
"""

from __future__ import annotations

from copy import deepcopy

import torch.nn.functional as F
from torch import Tensor, nn

from backbones import Classifier
from resdet.modeling.heads import BoxHead

# values of MODEL.META_ARCHITECTURE
LOCALISER, REFINED_LOCALISER = "PerClassRPN", "PerClassRCNN"
# weights of what a class has of its own, whose place is its label
OF_CLASSES = ("box_predictor.", "rpn_head.class_logits.", "rpn_head.class_deltas.")
REFINING = (LOCALISER, REFINED_LOCALISER)  # what is started from, and what is made of it
REGIONS = ("box_head.", "box_predictor.")  # of the R-CNN
HIDDEN = 512  # Source: Ren et al. 2015, section 3.1, of VGG


class PerClassRPNHead(nn.Module):
    """A 3x3 layer, then two sibling 1x1 layers: a logit and four deltas by anchor and class.

    Shape: (N, C, H, W) -> (N, H * W * A, K), (N, H * W * A, K, 4); float32 under autocast too.
    Deviation: Appendix C tells outputs of 1000 and 4000; they are taken to be those of each anchor.
    """

    def __init__(self, in_channels: int, num_anchors: int, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.conv = nn.Conv2d(in_channels, HIDDEN, 3, padding=1)
        self.class_logits = nn.Conv2d(HIDDEN, num_anchors * num_classes, 1)
        self.class_deltas = nn.Conv2d(HIDDEN, num_anchors * num_classes * 4, 1)
        for name, values in self.named_parameters():  # Source: Ren et al. 2015, section 3.1.3
            nn.init.normal_(values, std=0.0 if name.endswith("bias") else 0.01)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Anchors in the order of `AnchorGenerator`: by cell, then by shape."""
        hidden = F.relu(self.conv(x))
        logits = self.class_logits(hidden).float().permute(0, 2, 3, 1)
        deltas = self.class_deltas(hidden).float().permute(0, 2, 3, 1)
        count = len(x)
        return (
            logits.reshape(count, -1, self.num_classes),
            deltas.reshape(count, -1, self.num_classes, 4),
        )


class NoHead(BoxHead):
    """Of a localiser that looks at no region."""

    out_channels = 0


class NetworkHead(BoxHead):
    """A whole classification network and global average pooling, for each region of the image.

    Shape: (R, 3, S, S) -> (R, out_channels).
    """

    def __init__(self, network: Classifier) -> None:
        super().__init__()
        *_, last = network.stage_infos().values()
        self.network = deepcopy(network.trunk(last.name))
        self.out_channels = last.channels

    def forward(self, x: Tensor) -> Tensor:
        """Describe each region by one vector."""
        (features,) = self.network(x).values()
        pooled: Tensor = features.mean(dim=(2, 3))
        return pooled


class PerClassPredictor(nn.Module):
    """Two sibling layers: a logit and four deltas by class.

    Shape: (R, C) -> (R, K), (R, K, 4); float32 under autocast too.
    """

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.class_logits = nn.Linear(in_channels, num_classes)
        self.class_deltas = nn.Linear(in_channels, 4 * num_classes)
        for layer, std in ((self.class_logits, 0.01), (self.class_deltas, 0.001)):
            nn.init.normal_(layer.weight, std=std)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and deltas."""
        logits = self.class_logits(x).float()
        return logits, self.class_deltas(x).float().reshape(*logits.shape, 4)
