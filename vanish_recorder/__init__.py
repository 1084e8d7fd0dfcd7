"""Records how a PyTorch model trains. It needs torch and the standard library only.

It is imported into other people's scripts, so it imports nothing else of this project, and no module of it
has a name that a script's own folder could hide.
"""
