"""Whether a project still is what was written: every part is recomputed, or compared with what recorded it.

What this finds, and what it cannot. The hash of each part is recorded in another:

- rows in the manifest, and the manifest in discoveries and proofs;
- predictions in the report that follows from them, and weights in the proof that judged them;
- each record in the next one of its author.

So a change of one part is found, even if the hash beside it is changed too. The project alone does not show a change of
all parts that makes them agree with one another. For that a seal is kept outside the project, in the state folder of
each user who made a part (`engine.verify.seal`): on that machine such a change is found too. `blindspot verify
--print-seal` prints it as one line, to be noted down elsewhere.
"""
