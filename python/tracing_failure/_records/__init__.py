"""Records that were read back: as objects, tables and cards, and with advice from a language model."""
