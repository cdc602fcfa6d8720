"""The peer: django-viewflow as its documentation shows it, and the same facts written by hand."""
