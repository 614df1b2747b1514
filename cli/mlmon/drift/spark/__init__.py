"""Summaries past one machine: the kernel of `drift/summary.py` in Spark's workers, what it makes brought home.

Each worker summarizes the rows that it is given; the summaries of a day and feature are merged by Spark, and only those
travel. Since a summary depends on the values alone, the result is that of one machine, to the last bit.

`running` is what both engines have in common; `session` starts a Spark, `handover` and `job` are for one that is
started elsewhere. pyspark is an extra (`mlmon[spark]`), so it is imported inside functions, as pyarrow and pandas are,
which come with it.
"""
