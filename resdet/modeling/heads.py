"""What a detector does with the pooled features of one region; shared by both engines."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from backbones import Classifier


class BoxHead(nn.Module):
    """Describes each region by one vector.

    Shape: (R, C, S, S) -> (R, out_channels).
    """

    out_channels: int


@dataclass(frozen=True)
class HeadInputs:
    """What a head is built from: the network that the trunk is cut from, the channels and the side
    of a pooled region, MODEL.ROI_BOX_HEAD.FC_DIM and DROPOUT.
    """

    network: Classifier
    channels: int
    resolution: int
    fc_dim: int
    dropout: float


class Conv5Head(BoxHead):
    """The last residual stage and global average pooling, for each region.

    Shape: (R, C, 14, 14) -> (R, out_channels).
    Source: He et al. 2016, Appendix A: "all layers of conv5_x and up are adopted for each region".
    """

    def __init__(self, res5: nn.Module, out_channels: int) -> None:
        super().__init__()
        self.res5 = res5
        self.out_channels = out_channels

    def forward(self, x: Tensor) -> Tensor:
        """Describe each region by one vector."""
        return self.res5(x).mean(dim=(2, 3))


class FC6FC7Head(BoxHead):
    """Two hidden layers on the flattened region: VGG's own, or fresh ones on a pyramid.

    Shape: (R, C, S, S) -> (R, out_channels).
    Source: Ren et al. 2015, Faster R-CNN, section 3.2; dropout of 0.5 from Girshick 2015.
    """

    def __init__(self, fc6: nn.Linear, fc7: nn.Linear, dropout: float = 0.0) -> None:
        super().__init__()
        self.fc6 = fc6
        self.fc7 = fc7
        self.dropout = dropout
        self.out_channels = fc7.out_features

    @classmethod
    def fresh(cls, channels: int, resolution: int, fc_dim: int, dropout: float) -> FC6FC7Head:
        """A head with new weights for regions of (channels, resolution, resolution)."""
        layers = nn.Linear(channels * resolution**2, fc_dim), nn.Linear(fc_dim, fc_dim)
        for layer in layers:
            nn.init.kaiming_uniform_(layer.weight, a=1)
            nn.init.zeros_(layer.bias)
        return cls(*layers, dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Describe each region by one vector."""
        x = F.dropout(F.relu(self.fc6(x.flatten(1))), self.dropout, self.training)
        return F.dropout(F.relu(self.fc7(x)), self.dropout, self.training)


class BoxPredictor(nn.Module):
    """Class logits, background last, and one box refinement for each class but the background.

    Shape: (R, C) -> (R, K + 1), (R, 4 * K); float32 under autocast too.
    Source: Girshick 2015, Fast R-CNN, section 3.1 (deviations 0.01 and 0.001).
    """

    def __init__(self, in_channels: int, num_classes: int) -> None:
        super().__init__()
        self.cls_score = nn.Linear(in_channels, num_classes + 1)
        self.bbox_pred = nn.Linear(in_channels, 4 * num_classes)
        for layer, std in ((self.cls_score, 0.01), (self.bbox_pred, 0.001)):
            nn.init.normal_(layer.weight, std=std)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and deltas."""
        return self.cls_score(x).float(), self.bbox_pred(x).float()
