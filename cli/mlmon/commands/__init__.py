"""Commands: parse, call, return a Result. One module for each family; `tree` puts them together.

This file imports none of them: `mlmon __complete` runs on every Tab and must not pay for the tree.
"""
