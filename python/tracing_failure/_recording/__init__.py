"""Recording: the logger, computations, and the writing of a failure."""
