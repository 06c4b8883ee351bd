"""Tests of the room `replay`, with a scripted kubectl on PATH and recordings of real clusters."""
