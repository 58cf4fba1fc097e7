"""The self-labelling loop: from a hundred labels to thousands, one folder a project."""
