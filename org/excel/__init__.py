"""Lists of people and units as they come in: bytes in, judged rows out; no database, no HTTP (DOMAIN §4)."""
