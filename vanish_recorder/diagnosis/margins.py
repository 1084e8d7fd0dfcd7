"""How long and by how much a finding must change before a verdict does, so that it does not flicker."""

# Time margins, in steps. A finding ends once it was absent for this long, and a second time it begins once it
# was there for this long. Every further time in a stage takes `SLOWER` times as long.
PATIENCE = 30
EXPLOSION_PATIENCE = 100  # near its thresholds an exploding gradient changes from batch to batch
SLOWER = 3
RENEWAL_PATIENCE = 100  # the most that it takes until an open finding names another layer or number
# An open finding names the worst layer and its numbers. It is renewed when they differ from those named by
# this much: in the fraction of a layer, or in a ratio as this part of its logarithm, but at least by ln 10.
SHARE_MOVED, RATIO_MOVED = 0.2, 0.5
