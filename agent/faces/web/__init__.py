"""The web page and the API: one process, one engine, the questions of all who ask answered together."""
