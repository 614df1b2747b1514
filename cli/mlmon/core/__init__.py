"""The nouns, the contracts between the parts, and the errors. Imports nothing but the standard library."""
