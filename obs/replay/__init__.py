"""Two weeks of the simulated platform, healthy and with every fault, and how well the alerts tell them.

``rhythm``: how busy it is when; ``life``: what happens to whom; ``shapes``: how single series run; ``tape``: what is
scraped, minute by minute; ``program`` and ``run``: rules over it; ``score``: how well. ``make bench-alerts``.
"""
