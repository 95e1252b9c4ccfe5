"""Conversion of Python objects to values of a record."""
