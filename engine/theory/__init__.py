"""What the theory pages compute: plain Python, fast enough for one frame, unless a module says otherwise."""
