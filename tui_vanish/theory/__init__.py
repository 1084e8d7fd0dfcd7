"""The theory pages: each a file, drawn from its knobs' values alone."""
