"""Ports that we choose ourselves: no outgoing connection takes one before we listen."""

import socket

import pytest

from momentum import inbound
from momentum.inbound import free_port


def test_a_free_port_lies_below_those_of_outgoing_connections():
    assert all(20_000 <= free_port("127.0.0.1") < 32_768 for _ in range(20))


def test_where_all_of_ours_are_taken_the_kernel_chooses(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setattr(inbound, "_OURS", [taken.getsockname()[1]] * inbound._PORT_TRIES)
        assert free_port("127.0.0.1") != taken.getsockname()[1]


def test_an_address_of_another_machine_has_none():
    with pytest.raises(OSError, match="assign"):
        free_port("203.0.113.9")
