"""Says whether a blind spot closed: trains the arms, measures them on held-out rows, and judges the difference.

Who else may read proof rows is listed in `engine.data.proof_rows`; nothing that this package writes holds a proof text.
"""
