"""The theory pages. Each is one file; what it draws depends only on the values of its knobs."""
