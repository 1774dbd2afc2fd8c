"""Whether a project still is what was written: every part is recomputed, or compared with what recorded it.

What this finds, and what it cannot. Each part is on record in another: rows in the manifest, the manifest in
discoveries and proofs, predictions in the report that follows from them, weights in the proof that judged them, each
record in the next one of its author. So who changes one part is found, and so is who changes a part and the hash
beside it. Who changes all parts so that they agree with one another is not found by the project alone. For that a
seal is kept outside it, in the state folder of each user who made a part (`engine.verify.seal`): on that machine such a
change is found too. `blindspot verify --print-seal` prints it as one line, to be noted down elsewhere.
"""
