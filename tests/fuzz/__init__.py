"""Random input for every part of the product: each exam names the outcomes it allows, anything else fails.

`make test` runs a short form, `make fuzz` a long one. `FUZZ_SECONDS` is the budget of each exam, `FUZZ_SEED`
makes it different, and `FUZZ_CASE` repeats the one case that a failure names.
"""
