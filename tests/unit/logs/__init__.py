"""Tests of the room `logs`, with a scripted kubectl on PATH and recordings of real clusters."""
