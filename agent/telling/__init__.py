"""The answer: the conclusion from rows, where its figures come from, other wordings and whether they are true."""
