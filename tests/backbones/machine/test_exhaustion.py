import errno
import pickle

import cv2
import numpy as np
import pytest
import torch

from backbones.machine.exhaustion import OutOfMemory, describe, first_line, fitting, is_exhaustion

TOO_MANY = 2**52


def sample(name, height, width):
    image = torch.zeros(3, height, width, dtype=torch.uint8)
    return {"image_id": name, "image": image, "boxes": torch.zeros(7, 4)}


def raised(act):
    with pytest.raises(BaseException) as error:  # noqa: PT011
        act()
    return error.value


def raises(error):
    raise error


def caused(error, cause):
    raise error from cause


@pytest.mark.parametrize(
    ("act", "exhausted"),
    [
        (lambda: torch.empty(TOO_MANY), True),
        (lambda: np.empty(TOO_MANY), True),
        (lambda: bytearray(TOO_MANY), True),
        (lambda: torch.zeros(2) @ torch.zeros(3), False),
        (lambda: cv2.resize(np.zeros((2, 2), np.uint8), (0, 0)), False),
        (lambda: [][0], False),
        (lambda: raises(Exception("[ONNXRuntimeError] : 6 : std::bad_alloc")), True),
        (lambda: raises(RuntimeError("Exception from a.cpp:1:\ncan't alloc")), True),
        (lambda: raises(RuntimeError("could not create a primitive")), True),
        (lambda: raises(RuntimeError("could not create a primitive descriptor for x")), False),
        (lambda: raises(RuntimeError("can't start new thread")), True),
        (lambda: raises(RuntimeError("a.cpp:3:\nFailed to allocate 542 bytes of memory")), True),
        (lambda: raises(OSError(errno.ENOMEM, "Cannot allocate memory")), True),
        (lambda: raises(ImportError("a.so: failed to map segment from shared object")), True),
        (lambda: caused(TypeError("no file"), MemoryError()), True),
        (lambda: caused(ValueError("a.pth is too large"), MemoryError()), False),
    ],
)
def test_memory_is_told_from_other_faults(act, exhausted):
    assert is_exhaustion(raised(act)) == exhausted


def test_a_device_that_is_full():
    assert is_exhaustion(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."))
    assert is_exhaustion(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"))


def test_a_batch_that_does_not_fit_is_named_with_three_ways_out():
    batch = [sample("000012", 600, 800), sample(7, 40, 30)]
    with pytest.raises(OutOfMemory) as error, fitting(batch):
        torch.empty(TOO_MANY)
    text = str(error.value)
    assert "2 image(s): 000012 (800x600, 7 boxes), 7 (30x40, 7 boxes)" in text
    knobs = ("SOLVER.IMS_PER_BATCH", "INPUT.MIN_SIZE_TRAIN", "SOLVER.AMP.ENABLED")
    assert all(knob in text for knob in knobs)
    assert len(text.splitlines()) == 1
    views = (torch.zeros(4, 16, 20, 3), torch.zeros(4))
    told = r"4 images of 20x16.*lower SOLVER.IMS_PER_BATCH, lower INPUT.SIZE_TEST"
    with pytest.raises(OutOfMemory, match=told), fitting(views, "testing"):
        bytearray(TOO_MANY)


def test_other_faults_pass_through():
    with pytest.raises(RuntimeError, match="size mismatch|inconsistent tensor"), fitting([]):
        torch.zeros(2) @ torch.zeros(3)


def test_many_images_are_counted_and_the_fault_crosses_processes():
    assert describe([sample(n, 2, 2) for n in range(6)]).endswith("and 2 more")
    fault = OutOfMemory("a.jpg", "no", "store smaller images")
    assert str(pickle.loads(pickle.dumps(fault))) == str(fault)


def test_what_is_told_is_a_line_without_places():
    assert first_line(KeyError()) == "KeyError"
    told = "Exception from src/core.cpp:117:\nCheck 'found' failed at src/a.cpp:3:\n  no memory"
    assert first_line(RuntimeError(told)) == "no memory"
    openvinos = "[CPU] Slice node Check 'ptr' failed at src/a.cpp:2:\nFailed to allocate 5 bytes"
    assert first_line(RuntimeError(openvinos)) == "Failed to allocate 5 bytes"
    torchs = "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate"
    assert first_line(RuntimeError(torchs)) == "DefaultCPUAllocator: can't allocate"
    assert len(first_line(RuntimeError("x" * 1000))) == 500


def test_what_has_led_to_an_error_is_looked_at():
    full = MemoryError("std::bad_alloc")
    assert first_line(raised(lambda: caused(TypeError("no file"), full))) == "std::bad_alloc"
    assert first_line(raised(lambda: caused(TypeError("no file"), KeyError("a")))) == "no file"

    def close_what_is_full():
        try:
            raise full
        finally:
            raise RuntimeError("cannot be closed")

    met = raised(close_what_is_full)
    assert is_exhaustion(met)
    assert first_line(met) == "std::bad_alloc"
