"""What spans services and planes, written against the ports alone."""
