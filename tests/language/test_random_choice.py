from __future__ import annotations

from collections import Counter

import numpy as np

from ozora.language.random_choice import pick


def test_every_option_is_as_likely() -> None:
    rng = np.random.default_rng(3)
    counts = Counter(pick(rng, ("a", "b", "c")) for _ in range(3000))
    assert set(counts) == {"a", "b", "c"}
    assert all(900 < count < 1100 for count in counts.values())


def test_the_same_generator_chooses_the_same() -> None:
    options = [str(number) for number in range(50)]
    first, second = (np.random.default_rng(7) for _ in range(2))
    assert [pick(first, options) for _ in range(9)] == [pick(second, options) for _ in range(9)]
