"""The demo: two unions with made-up people, the classes their documents name, standing in mid-planning."""
