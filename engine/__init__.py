"""Training, measuring and the run log. Importing this package loads no torch."""
