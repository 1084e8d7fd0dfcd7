"""How fast this machine trains, against its own limit: measured here, shown by `vanish-tui bench`.

Everything that is compared is measured in turn, in short blocks, so that whatever else the machine does falls
on both alike; each ratio is taken between blocks that stood side by side.
"""
