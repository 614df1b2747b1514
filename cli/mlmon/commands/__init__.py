"""Commands: parse, call, return a Result."""
