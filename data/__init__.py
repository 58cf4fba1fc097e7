"""Sample data, and the generator that wrote it."""
