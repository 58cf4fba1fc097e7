"""A small encoder-decoder that reads a text and writes symbols of a closed vocabulary, with how sure it is.

The encoder is a pretrained multilingual BERT (multilingual-e5-small, MIT), so words that its own training rows never held still mean something;
the decoder is trained from nothing. It knows nothing of finance: rows are {"text", "symbols"}.
"""

from ptuning.reader.model import Reading, SymbolReader, load

__all__ = ["Reading", "SymbolReader", "load"]
