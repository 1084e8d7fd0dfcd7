"""The thresholds of the rules, the same for every scenario.

If there are two numbers, a finding begins at the first and ends at the second, so that it does not flicker.
"""

# The ratio between the norm of dL/da at a hidden layer and at the last hidden layer.
FAR_APART, CLOSE_AGAIN = 20.0, 10.0
# A layer is starved if its dL/da is less than this fraction of the last hidden layer's.
STARVED_PART = 1 / 5
# An update ratio of 1e-3 is common advice. A layer with a tenth of it changes enough, whatever its gradient.
MOVES = 1e-4
# Steps that grow towards the input with the gradient: the update ratio, and its multiple of the last layer's.
LARGE_STEP = 0.01
UNEVEN_STEPS, EVEN_STEPS = 3.0, 1.0
# The ratio of the largest to the smallest dL/da, per layer and overall. Below it the network is healthy.
EVEN_STEP, EVEN = 2.0, 5.0

# Causes. Slopes times weights account for a factor if they give it within this ratio, per layer.
ACCOUNTED = 1.3
# Training caused a ratio of dL/da if, on a log scale, less than this part of it was there at the first step.
DRIFTED = 0.5
# Saturation is the cause if it leaves less than this part of the steepest slope.
FLATTENED = 0.5
# β is the cause if without it the gradient would grow by no more than this per layer.
NOT_GROWING = 1.05

# Steps that are too large: the loss divided by that of the first step or of guessing, whichever is larger,
# and the largest update ratio so far.
RISEN, FALLEN_AGAIN = 2.0, 1.3
OVERSTEP = 0.05
# Layers of a network that was not well before any step can also die of smaller steps, of whatever size.
SPOILING = 0.1
# If the loss rose after steps smaller than this, a third of the rate learns.
SLIGHTLY = 5.0
# The same for a run that does no better than guessing since a step of this size.
UPSET = 0.2
UPSET_STEPS = 60  # from that step to the end of an epoch that was guessed: some networks recover by then
LEFT = 0.95  # of the loss of guessing: a batch below this is better than guessed
# ‖ΔW‖/√width of such a step: by how much it multiplies a signal.
UPSET_GAIN = 0.5
# The saturated part of a layer at the first step, below which it was the steps that saturated it.
FRESH = 0.1
# The loss before the first update divided by that of guessing: the outputs are far too large.
BLOWN_UP, SETTLED = 10.0, 5.0
# No step of a healthy network is as large as this part of the weights.
CALM_STEP, HUGE_STEP = 0.5, 1.0

# The fraction of a layer's weights that an update does not change, because float32 rounds it away.
UNMOVED, MOVED_AGAIN = 0.5, 0.4

# The size (root mean square) of the last hidden layer divided by that of the first.
SHRUNK, SIZE_BACK = 1 / 20, 1 / 10
# The deviation over the images divided by the layer's size, at the last hidden layer.
ALIKE, TOLD_APART = 0.002, 0.004
# What float32 rounds away: below it, the images do not differ.
ROUNDING = 1e-7

# Fractions of a layer's units.
SATURATED, UNSATURATED = 0.5, 0.4
DEAD, ALIVE = 0.2, 0.15
LASTING = 30  # steps of the stage; units that are dead earlier often come back
# The same for units that are 0 in each batch, but not always the same ones.
OFF, ON_AGAIN = 0.45, 0.35
# A layer is silent if nearly all of its units are dead.
SILENT, STIRRING = 0.9, 0.85

# The train loss divided by the loss of guessing by class frequency.
GUESSING, OFF_GUESSING = 0.99, 0.985
# Up to the first it is about that of guessing. Once said to be above, it is so down to the second; once said
# to be about, it is so up to the third.
ABOUT, ABOUT_AGAIN, STILL_ABOUT = 1.02, 1.01, 1.03
# The train accuracy divided by that of guessing. Twice in a row at the second, or once at the third, it has
# clearly left guessing. At the first, no plateau begins, nor with a test accuracy at the second.
NEAR_CHANCE, OFF_CHANCE, FAR_OFF_CHANCE = 1.9, 2.0, 2.5
# Epochs before progress is judged, unless the accuracy shows it earlier.
PLATEAU_EPOCHS = 3
# Above this train accuracy the run has learnt, and a loss that no longer falls is not a plateau.
LEARNT, FORGOT = 0.4, 0.35
# How much the loss falls in an epoch, divided by how far it is below guessing. Less is a standstill.
STANDSTILL = 0.025
# How much a loss above guessing falls from the first to the last epoch of a plateau, as a part of it.
HARDLY_FALLS, FALLS = 0.1, 0.3
# A gain in train accuracy, from the first to the last epoch of a plateau, that is progress.
GAINS = 0.03
