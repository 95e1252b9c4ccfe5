"""Exceptions as data: message, traceback, chain of errors, and marks of the records that were written of them."""
