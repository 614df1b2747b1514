"""A blob service on loopback that is fast enough to measure clients with: nginx for the bytes, Lua for the listings."""
