"""How results look: one set of result types, and a renderer for each format."""
