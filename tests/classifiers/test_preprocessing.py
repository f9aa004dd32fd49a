import numpy as np
import pytest

from emotion_core.classifiers.preprocessing import crops_to_tensor


def test_keeps_the_values_0_to_255() -> None:
    images = np.arange(2 * 16 * 16).reshape(2, 16, 16).astype(np.uint8)
    tensor = crops_to_tensor(images)
    assert tensor.shape == (2, 16, 16, 1)
    assert tensor.dtype == np.float32
    assert tensor.max() == 255
    np.testing.assert_array_equal(tensor[..., 0], images)


def test_no_crops_give_an_empty_tensor() -> None:
    assert crops_to_tensor(np.zeros((0, 48, 48), np.uint8)).shape == (0, 48, 48, 1)


def test_takes_read_only_crops_and_returns_memory_of_its_own() -> None:
    images = np.full((1, 8, 8), 7, np.uint8)
    images.flags.writeable = False
    tensor = crops_to_tensor(images)
    tensor += 1
    assert images.max() == 7


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((48, 48), np.uint8),
        np.zeros((1, 48, 48, 3), np.uint8),
        np.zeros((1, 48, 40), np.uint8),
        np.zeros((1, 48, 48), np.float32),
        [[[0]]],
    ],
)
def test_refuses_everything_else(images: object) -> None:
    with pytest.raises(ValueError, match=r"wanted .*Received"):
        crops_to_tensor(images)  # type: ignore[arg-type]
