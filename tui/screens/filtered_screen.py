"""A screen whose list can be filtered: what `/` and esc do on it."""

from __future__ import annotations

from textual import on

from tui.screens.work_screen import P, WorkScreen
from tui.widgets.filter_bar import FilterBar
from tui.widgets.line_list import LineList

NOTHING_MATCHES = "Nothing matches the filter: esc clears it."


class FilteredScreen(WorkScreen[P]):
    """Base of screens with a `FilterBar` and a list. Subclasses give `rows` and `refill`."""

    @property
    def rows(self) -> LineList:
        """The list that is filtered."""
        raise NotImplementedError

    def refill(self) -> None:
        """Fill the list as the filter says; the cursor stays on its row."""
        raise NotImplementedError

    @property
    def filter(self) -> FilterBar:
        """The filter."""
        return self.query_one(FilterBar)

    @on(FilterBar.Changed)
    def _filter_changed(self) -> None:
        self.refill()

    @on(FilterBar.Closed)
    def _filter_closed(self) -> None:
        self.rows.focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self.filter.open()

    def action_escape(self) -> None:
        """Clear the filter, or go back."""
        if self.filter.text:
            self.filter.set_text("")
        else:
            self.action_back()
