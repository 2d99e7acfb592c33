"""The PostgreSQL that comes along, for who brings none."""
