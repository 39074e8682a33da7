"""Dashboards as one page of HTML, for reviewers without Grafana."""
