"""Collected rows as one table: read into columns, joined, written."""
