"""Two weeks of a platform with labelled incidents, and how well the alerts tell them: ``make bench-alerts``."""
