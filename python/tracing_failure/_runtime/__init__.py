"""The running program: its notebook, its source files, its signals, its terminal and its classes."""
