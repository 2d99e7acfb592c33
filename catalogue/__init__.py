"""Catalogues of messages, kept up to date with the code (`make catalogue`)."""
