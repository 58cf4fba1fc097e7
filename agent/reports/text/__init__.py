"""Open questions answered from the words of a report: sections, passages, an index, and answers that quote them."""
