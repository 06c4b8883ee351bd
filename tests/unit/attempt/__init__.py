"""Tests of the room `attempt`, with a scripted kubectl on PATH and recordings of real clusters."""
