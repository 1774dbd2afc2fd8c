"""The terminal: the workbench app, and every screen's work also as a plain command."""

import os

# Textual paints at the ticks of a timer, and a key often takes two: at its 60 a second a cursor move takes 35 ms, at
# 240 it takes 19 with no more bytes. The timer rests when there is nothing to paint.
os.environ.setdefault("TEXTUAL_FPS", "240")
