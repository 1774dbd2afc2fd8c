"""Says whether a blind spot closed: trains the arms, measures them on held-out rows, and judges the difference.

Only this package and the leak guard read proof rows; nothing that it writes holds a proof text.
"""
