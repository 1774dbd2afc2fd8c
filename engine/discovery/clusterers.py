"""The clustering methods, by the name that `discovery.clusterer` gives them."""

from __future__ import annotations

from engine.discovery import average_linkage, kmeans
from engine.discovery.clusters import Clusterer

CLUSTERERS: dict[str, Clusterer] = {
    "average-linkage": average_linkage.cluster_cell,
    "kmeans": kmeans.cluster_cell,
}
"""The choices of `engine.settings.DiscoverySettings.clusterer`."""
