"""Many inputs: a manifest, shards, and who reads them (processes of this machine, or Ray).

What there is to read is listed once (``listing``) into a manifest, whose rows belong to shards.
An executor reads shards in whatever order (``local_executor``, ``ray_executor``); each becomes a
Parquet file that appears whole or not at all, with its errors beside it (``parts``). A part that is
there is never computed again, so a run that was killed at any moment and resumed has the parts of
one that was not. Begin with ``run.run_batch``.

Nothing is imported here: a process that reads needs a third of the part.
"""
