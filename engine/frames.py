"""Columns as a data frame, where pandas is installed. Light: pandas is imported when a frame is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.extras import missing_told

if TYPE_CHECKING:
    import pandas as pd


def data_frame(columns: Mapping[str, Sequence[Any]], types: Mapping[str, str] | None = None) -> pd.DataFrame:
    """A data frame of these columns.

    Args:
        columns: values by name, as many of each.
        types: by name what pandas calls the type; of the others it finds out.

    Raises:
        MissingExtra: pandas is not installed.
    """
    with missing_told():
        import pandas as pd
    return pd.DataFrame({name: pd.Series(values, dtype=(types or {}).get(name)) for name, values in columns.items()})
