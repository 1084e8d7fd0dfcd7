"""How the training images are split into batches."""

import pytest

from engine.data.batches import Batches
from engine.data.fashion_mnist import DataError
from tests.engine.lab import random_data


def test_an_epoch_has_every_image_once_and_a_shorter_last_batch() -> None:
    data = random_data(40, passes=2)
    batches = Batches(data, 1, 32)
    batches.begin(1)
    dealt = []
    while not batches.is_over:
        dealt.append(batches.next())
    assert [len(labels) for _, labels in dealt] == [32, 32, 16]
    assert batches.per_epoch == 3
    pixels = sorted(image.sum().item() for images, _ in dealt for image in images)
    assert pixels == sorted(2 * [(image / 255).sum().item() for image in data.train_images])


@pytest.mark.parametrize(
    ("images", "size"), [(1, 1), (1, 16), (3, 2), (7, 2), (13, 12), (13, 3), (60_001, 60_000)]
)
def test_if_a_single_image_is_left_over_another_size_is_proposed(images: int, size: int) -> None:
    data = random_data(images, 1)
    with pytest.raises(DataError, match="BatchNorm needs at least two") as refused:
        Batches(data, 1, size).require_spread()
    if images > 1:
        proposed = int(str(refused.value).split()[-1])
        assert proposed > 1
        Batches(data, 1, proposed).require_spread()


@pytest.mark.parametrize(("images", "size"), [(2, 512), (60_000, 512), (80, 80)])
def test_a_size_that_leaves_no_single_image_is_accepted(images: int, size: int) -> None:
    Batches(random_data(images, 1), 1, size).require_spread()
