"""How results look: one set of result types, and a renderer for each format.

A command imports `results`; the session makes a `terminal.Terminal`; `show.show` prints the result once.
"""
