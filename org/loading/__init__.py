"""Whole registers taken in from files of any size: units, cadres; training records by training.loading."""
