"""Labelling texts by hand: the rows, the file of labels, and one person's session over them. Light: no model."""
