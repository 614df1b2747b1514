"""KQL: queries built safely, and the guarded local engine."""
