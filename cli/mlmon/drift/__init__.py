"""Drift: summaries of collected data that merge, the distances between two of them, and what these mean."""
