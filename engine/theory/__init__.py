"""What the theory pages compute. Plain Python, quick enough for a frame, unless a module says otherwise."""
