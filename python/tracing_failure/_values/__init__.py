"""Python objects as values of a record."""
