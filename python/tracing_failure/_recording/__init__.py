"""Recording: loggers, computations, and the writing of records."""
