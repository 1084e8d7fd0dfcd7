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

# An update ratio of 1, and a loss of this many times that of guessing: the run is about to diverge.
OVERSTEP = 1.0
BLOWN_UP = 10.0

# The fraction of a layer's weights that an update does not change, because float32 rounds it away.
UNMOVED, MOVED_AGAIN = 0.5, 0.4

# The size (root mean square) of the last hidden layer divided by that of the first.
SHRUNK, SIZE_BACK = 1 / 20, 1 / 10
# The deviation over the images divided by the layer's size, at the last hidden layer.
ALIKE, TOLD_APART = 0.002, 0.004

# Fractions of a layer's units.
SATURATED, UNSATURATED = 0.5, 0.4
DEAD, ALIVE = 0.2, 0.15
# In a small batch, a unit that is rarely active looks dead. There, nearly the whole layer must be dead.
SMALL_BATCH, SILENT = 128, 0.9

# The train loss divided by the loss of guessing by class frequency.
GUESSING, OFF_GUESSING = 0.99, 0.985
# Epochs before progress is judged, unless the accuracy shows it earlier.
PLATEAU_EPOCHS = 3
# Above this train accuracy the run has learnt, and a loss that no longer falls is not a plateau.
LEARNT = 0.4
# How much the loss falls in an epoch, divided by how far it is below guessing. Less is a standstill.
STANDSTILL = 0.025
