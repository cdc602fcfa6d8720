"""Papers of a called-up class: the notice, the roster book, name cards, sign-in sheets."""
