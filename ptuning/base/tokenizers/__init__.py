"""Text to ids and back, a file a kind."""
