from __future__ import annotations

import numpy as np
import pytest

from engine import row_numbers
from engine.row_numbers import NumberColumns, first_alike, places_among


@pytest.mark.parametrize("at_once", [3, 100_000])
def test_columns_are_read_as_they_were_added(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_numbers, "AT_ONCE", at_once)
    large = np.array([2**64 - 1, 7, 0, 5, 9], np.uint64)
    numbers = NumberColumns(hashes="u8", counts="(2,)u1")
    assert numbers.read("counts").shape == (0, 2)
    for part in (slice(0, 3), slice(3, 3), slice(3, 5)):
        numbers.add(hashes=large[part], counts=np.arange(10).reshape(5, 2)[part])
    assert len(numbers) == 5
    assert numbers.read("hashes").tolist() == large.tolist()
    assert numbers.read("hashes", [4, 0, 4, 2, 1]).tolist() == [9, 2**64 - 1, 9, 0, 7]
    assert numbers.read("counts", np.array([3, 0])).tolist() == [[6, 7], [0, 1]]
    assert numbers.read("counts", []).shape == (0, 2)


@pytest.mark.parametrize("at_once", [3, 100_000])
@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_equal_values_are_found(at_once: int, kind: type[np.generic], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_numbers, "AT_ONCE", at_once)
    values = np.array([-5, 8, 1, 8, 3, -5, 8], np.int64).astype(kind)
    assert first_alike(values).tolist() == [0, 1, 2, 1, 4, 0, 1]
    wanted = np.array([3, 4, 1, -1], np.int64).astype(kind)
    assert places_among(values, wanted).tolist() == [4, -1, 2, -1]
    assert places_among(values[:0], wanted).tolist() == [-1, -1, -1, -1]
