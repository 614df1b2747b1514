"""How Azure is spoken to: clouds, sign-in, connections, requests, and what their faults mean."""
