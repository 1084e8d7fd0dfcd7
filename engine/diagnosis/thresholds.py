"""The numbers that the rules turn on, the same for every scenario.

Where there are two, a finding begins at the first and ends only at the second, so that it doesn't flicker.
"""

# Over the hidden layers, the delta of one against that of the last: so many times smaller, or larger.
FAR_APART, CLOSE_AGAIN = 20.0, 10.0
# A layer that gets less than this part of the last one's delta counts among those that starve.
STARVED_PART = 1 / 5
# An update-to-weight ratio of 1e-3 is common advice; a layer that keeps a tenth of it is moving, whatever
# its gradient.
MOVES = 1e-4
# Steps that grow toward the input with the gradient: so large, or so many times the last layer's.
LARGE_STEP = 0.01
UNEVEN_STEPS, EVEN_STEPS = 3.0, 1.0
# Largest over smallest delta, from one layer to the next and in all: less is no sign of trouble.
EVEN_STEP, EVEN = 2.0, 5.0

# A step as large as the weights, and a loss so many times that of guessing: the run is blowing up.
OVERSTEP = 1.0
BLOWN_UP = 10.0

# Part of a layer's weights that float32 rounding leaves where they were.
UNMOVED, MOVED_AGAIN = 0.5, 0.4

# Last hidden layer's size (root mean square) in parts of the first one's.
SHRUNK, SIZE_BACK = 1 / 20, 1 / 10
# Deviation over the images in parts of the layer's size, at the last hidden layer.
ALIKE, TOLD_APART = 0.002, 0.004

# Parts of a layer's units.
SATURATED, UNSATURATED = 0.5, 0.4
DEAD, ALIVE = 0.2, 0.15
# In a small batch a unit that seldom fires looks dead: there only a layer that is silent as a whole counts.
SMALL_BATCH, SILENT = 128, 0.9

# Train loss in parts of the loss of guessing by class frequency.
GUESSING, OFF_GUESSING = 0.99, 0.985
# Epochs before a word on progress, unless the accuracy says it sooner.
PLATEAU_EPOCHS = 3
# Above this train accuracy it has learnt, and a loss that falls no further is no plateau.
LEARNT = 0.4
# Fall of the loss in an epoch, in parts of all that it fell below guessing: less is a standstill.
STANDSTILL = 0.025
