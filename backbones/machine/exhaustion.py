"""Memory that ran out, told by what was to fit into it and what makes it smaller."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backbones.terminal.wording import count

_SHOWN = 4  # images of a batch that are named
# what the allocators of torch and of other libraries say
_SIGNS = (
    *("can't alloc", "annot allocate memory", "bad_alloc", "not enough memory", "out of memory"),
    *("ailed to allocate", "_ALLOC_FAILED", "can't start new thread"),
    "failed to map segment from shared object",  # of a library that is imported
    "Failed to serialize proto",  # an ONNX file's
)
_BARE = ("could not create a primitive", "could not create a memory object")  # all oneDNN says
_PLACES = ("Exception from", "Check '")  # lines of OpenVINO's
_LONGEST = 500  # characters of what a library says
_CV2_INSUFFICIENT_MEMORY = -4
OF_ANY = (
    "end other programs, raise what limits the memory (ulimit -v, a container), or have fewer "
    "images at work at once: of a detector by OMP_NUM_THREADS=1, in training by lower "
    "SOLVER.IMS_PER_BATCH and DATALOADER.NUM_WORKERS"
)
READING = "lower DATALOADER.NUM_WORKERS or SOLVER.IMS_PER_BATCH, or store smaller images"
# (doing, whether boxes are searched) -> three ways to less memory
CURES = {
    ("training", True): "lower SOLVER.IMS_PER_BATCH, lower INPUT.MIN_SIZE_TRAIN and "
    "INPUT.MAX_SIZE_TRAIN, or set SOLVER.AMP.ENABLED True",
    ("training", False): "raise SOLVER.ACCUMULATION, set MODEL.ACTIVATION_CHECKPOINTING True, or "
    "set SOLVER.AMP.ENABLED True",
    ("testing", True): "lower --batch, set OMP_NUM_THREADS=1, with which a CPU runs one batch at a "
    "time, or train and test with lower INPUT.MIN_SIZE_TEST and INPUT.MAX_SIZE_TEST",
    ("testing", False): "lower SOLVER.IMS_PER_BATCH, lower INPUT.SIZE_TEST, or give fewer crops",
}


class OutOfMemory(ValueError):
    """Memory of the machine or of the device did not suffice for one batch or one image."""

    def __init__(self, what: str, error: str, cure: str) -> None:
        super().__init__(f"memory must hold {what}, got {error!r}; {cure}")
        self.parts = what, error, cure

    def __reduce__(self) -> tuple[type[OutOfMemory], tuple[str, str, str]]:
        return OutOfMemory, self.parts  # a worker hands it on


@contextlib.contextmanager
def fitting(batch: Any, doing: str = "training") -> Iterator[None]:
    """What runs out of memory within the block says so of `batch`.

    `batch`: detection's samples, or a tuple that begins with a tensor of images.
    Raises: OutOfMemory in place of what torch, NumPy, OpenCV or Python raise.
    """
    try:
        yield
    except Exception as error:
        if not is_exhaustion(error):
            raise
        cure = CURES[doing, not isinstance(batch, tuple)]
        raise OutOfMemory(f"a batch of {describe(batch)}", first_line(error), cure) from None


def is_exhaustion(error: BaseException) -> bool:
    """True of every way in which memory that ran out is told, and of what it has caused.

    Not of a ValueError, which has put it into words.
    """
    return not isinstance(error, ValueError) and any(map(_tells, _chain(error)))


def _tells(error: BaseException) -> bool:
    if isinstance(error, (MemoryError, *_classes("torch", "OutOfMemoryError"))):
        return True
    if isinstance(error, _classes("cv2", "error")):
        return getattr(error, "code", None) == _CV2_INSUFFICIENT_MEMORY
    return _is_sign(str(error))


def _is_sign(text: str) -> bool:
    return text in _BARE or any(sign in text for sign in _SIGNS)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what has led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _classes(module: str, name: str) -> tuple[type[BaseException], ...]:
    """The class of an error, if its module, which raises it, has been imported to the end."""
    found = getattr(sys.modules.get(module), name, None)
    return () if found is None else (found,)


def first_line(error: BaseException) -> str:
    """What `error` says first, or what there tells of memory, without places in sources.

    Of an error that one of memory has led to: what that says.
    """
    error = next(filter(_tells, _chain(error)), error)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [*filter(_is_sign, lines), *(line for line in lines if not line.startswith(_PLACES))]
    text = [*told, *lines, type(error).__name__][0]
    return text[max(text.rfind("DefaultCPUAllocator"), 0) :][:_LONGEST]


def describe(batch: Any) -> str:
    """How many images of what size, and where a batch names them, which."""
    if isinstance(batch, tuple) and batch and hasattr(batch[0], "shape"):
        images, height, width = batch[0].shape[:3]
        return f"{count(images, 'image')} of {width}x{height}"
    if isinstance(batch, Sequence) and all(isinstance(sample, Mapping) for sample in batch):
        named = [f"{s['image_id']} ({_size(s)})" for s in batch[:_SHOWN]]
        more = f" and {len(batch) - _SHOWN} more" if len(batch) > _SHOWN else ""
        return f"{len(batch)} image(s): {', '.join(named)}{more}"
    return "images"


def _size(sample: Mapping[str, Any]) -> str:
    height, width = sample["image"].shape[-2:]
    return f"{width}x{height}, {count(len(sample['boxes']), 'box', 'boxes')}"
