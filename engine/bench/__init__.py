"""How fast this machine trains, compared with its own limit; `vanish-tui bench` shows the results.

Everything that is compared is measured in turn, in short blocks, so that other load on the machine affects
both sides equally. Each ratio is taken between adjacent blocks.
"""
