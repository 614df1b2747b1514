"""A local Azure on loopback, over TLS: what unmodified SDK clients and mlmon meet in tests."""
