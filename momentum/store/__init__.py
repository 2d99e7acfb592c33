"""PostgreSQL, all of it: nobody else knows the driver."""
