"""One report in four forms: coloured text, Markdown, Markdown without HTML, JSON."""
