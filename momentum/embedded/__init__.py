"""The PostgreSQL that comes along, for who brings none: found in a wheel, started once per home, joined by every process.

EmbeddedPostgres(home)   server.py: start, join, leave, stop
  places.py              which folders, also when root's server cannot enter the home
  account.py             as whom it runs
  programs.py            where its programs are
  creation.py            a new cluster, whole or not at all
  launch.py              from dead to answering, and back
  probe.py  locks.py     who lives
  network.py             the door for other machines, on request

Only this package and the store know the driver.
"""
