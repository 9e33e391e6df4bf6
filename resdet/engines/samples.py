"""What the loader hands to an engine and what an engine hands back."""

from __future__ import annotations

from torch import Tensor

from resdet.data.loader import Sample

__all__ = ["Found", "Sample"]

# boxes (N, 4) in pixels of the sample's image, labels (N,), scores (N,) falling
Found = tuple[Tensor, Tensor, Tensor]
