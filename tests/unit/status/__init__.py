"""Tests of the room `status`, with a scripted kubectl on PATH and recordings of real clusters."""
