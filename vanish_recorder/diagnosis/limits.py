"""The limits of the rules for watched runs, the same for every model.

If there are two numbers, a finding begins at the first and ends at the second, so that it does not flicker.
Each lies between what healthy and sick networks gave: docs/measuring.md has the numbers.
"""

# How many times ‖dL/dh‖ of a block is smaller or larger than at the last block. Healthy networks of 24 to 32
# blocks reach 25. Leaf modules differ more, because a pooling layer divides the gradient among many places.
FAR_APART, CLOSE_AGAIN = 100.0, 50.0
FAR_APART_LEAVES, CLOSE_AGAIN_LEAVES = 1000.0, 500.0
# Per block on average. BatchNorm without skips has 1.2 and learns.
STEEP, STILL_STEEP = 1.5, 1.35
# In all, when the first blocks of a chain hardly move: then the factor per block does not matter.
STARVED, STILL_STARVED = 1e3, 500.0
# So far apart that neither the factor per block nor the size of the steps matters.
SURE, STILL_SURE = 1e4, 3e3
# An update ratio of 1e-3 is common advice. A block with a tenth of it moves enough, whatever its gradient.
MOVES = 1e-4
# The same as a multiple of the last block's: AdamW's decay alone moves a block that has no gradient.
MOVES_LIKE_THE_LAST = 0.2
# Steps that grow with the gradient: the update ratio, and its multiple of the last block's.
LARGE_STEP, UNEVEN_STEPS = 0.01, 3.0
# Each step changes the weights by this part of their size.
HUGE_STEP, SMALLER_STEP = 1.0, 0.5

# The deviation over the batch divided by the output's size: at the last block, and the first as a multiple.
ALIKE, TOLD_APART = 0.002, 0.004
TOLD_APART_BEFORE = 20.0
ROUNDING = 1e-7  # what float32 rounds away

# Fractions of units that are 0 for a whole batch. In a deep MLP the samples of a batch become alike: half of
# the units of a healthy block are 0, and up to 0.84 were in 32 layers that learnt.
DEAD, ALIVE = 0.9, 0.85
SILENT = 0.97
LASTING = 30  # steps; units that are dead earlier often come back

# Fraction of a tensor's weights that a step leaves unchanged, bit for bit.
UNMOVED, MOVED_AGAIN = 0.5, 0.4
UNMOVED_NORMS, MOVED_NORMS = 0.9, 0.8  # of parameters of normalisations in a 16-bit type

# Fraction of a gradient that is below the smallest number of fp16. ReLU alone makes up to 0.75 of it zero.
UNDERFLOW, FEWER = 0.9, 0.85
# Fraction of steps that were skipped, and after how many steps that counts: a new GradScaler skips a few.
SKIPS, RARELY = 0.2, 0.1
SETTLED = 30
LEAST_SKIPS = 8
LEAST_SCALE = 1.0  # a loss scale below this makes gradients smaller, not larger

# Adam's gradient divided by its eps.
BELOW_EPS, ABOVE_EPS = 1.0, 2.0

# ‖dL/dh_t‖: the decades between the largest and the first quarter of the time steps.
DECADES, FEWER_DECADES = 6.0, 4.0
LEAST_TIME_STEPS = 8
LEARNT_BY = 100  # steps; gates open in the first ones
