"""Dashboards by level: navigation, domains, objectives. Each shows the signals of enabled systems."""
