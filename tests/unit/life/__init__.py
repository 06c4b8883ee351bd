"""Tests of the room `life`, with a scripted kubectl on PATH and recordings of real clusters."""
