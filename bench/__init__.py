"""Speed: the product and its limits and peers, side by side in one run. ``make bench`` writes RESULTS.md."""
