"""Exceptions as data: message, traceback, chain of causes, and the records that were written of them."""
