"""What a runtime finds in the first images, held against what torch finds in them."""

from __future__ import annotations

from functools import partial

import torch

from resdet.data.loader import to_tensor, unlabelled
from resdet.engines.registry import load
from resdet.engines.samples import in_own_pixels, to_host
from resdet.export.detector import graph_of
from resdet.export.exportable import Exportable
from resdet.export.form import Form
from resdet.export.pairing import BOX_BOUND, SCORE_BOUND, larger_pixels
from resdet.export.trial import candidates, held
from resdet.runtimes.detector import Seen
from resdet.structures.records import Detections

IMAGES = 3  # which torch runs too, before it is let go


class Proof:
    """Looks at the first images that come, and keeps torch's model until then."""

    def __init__(self, detector: Exportable, runtime: str, images: int = IMAGES) -> None:
        self._detector = detector
        self._runtime = runtime
        self._left = images

    def __call__(self, seen: Seen, found: Detections) -> bool:
        """Whether more images are wanted.

        Raises: ValueError if the two differ by more than an exported file may.
        """
        pixels = larger_pixels((seen.height, seen.width), seen.image.shape)
        known = partial(self._known, seen)
        apart = held(self._detector, self._by_torch(seen), found, pixels, known)
        if not apart.small:
            raise ValueError(
                f"detections of {self._runtime} must be torch's to {BOX_BOUND:g} px and "
                f"{SCORE_BOUND:g} in score, got {apart.box:.1e} px, {apart.score:.1e} and "
                f"{apart.alone} without a counterpart on {seen}; give --runtime torch"
            )
        self._left -= 1
        return self._left > 0

    def _known(self, seen: Seen) -> Detections:
        return seen.own(*candidates(graph_of(self._detector, Form("onnx")), seen.image))

    @torch.inference_mode()
    def _by_torch(self, seen: Seen) -> Detections:
        image = to_tensor(seen.image, self._detector.channel_order)
        sample = unlabelled(image, seen.height, seen.width, seen.image_id)
        found = load("tv").detect(self._detector.model, [sample])
        return in_own_pixels(to_host(found)[0], sample)
