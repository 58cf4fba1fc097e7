"""Formats of foreign model families, a file each."""
