"""How fast this machine trains compared with its own limit: exactly what `vanish-tui bench` prints.

The DataLoader loop and the launches are part of its output and of its --json, so they are measured here too.
Measurements that only support a claim in docs/performance.md are in tests/bench.

Everything that is compared is measured in turn, in short blocks, so that other load on the machine affects
both sides. Each ratio is taken between neighbouring blocks.
"""
