"""Tests of the room `watch`, with a scripted kubectl on PATH and recordings of real clusters."""
