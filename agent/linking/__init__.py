"""How names, years and places are found in a question; agent.entities puts it together."""
