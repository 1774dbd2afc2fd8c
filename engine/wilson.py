"""Wilson's score interval of a share, by hand because the app shows it, and scipy takes a second to import. Light."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist


def wilson_bounds(hits: float, n: float, coverage: float) -> tuple[float, float]:
    """Both ends of the interval of ``hits`` among ``n``, 0..1 [Wilson 1927]; ``n`` is at least 1.

    ``hits`` may be a mean over seeds: the rows are what is drawn, and they are the same for every seed.
    """
    z = NormalDist().inv_cdf(0.5 + coverage / 2)
    middle, spread = hits / n + z * z / (2 * n), z * sqrt(hits * (n - hits) / n**3 + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
