"""Contracts held against the real software: started here, scraped, compared (``obs contracts``)."""
