"""Tests of the room `manifest`, with a scripted kubectl on PATH and recordings of real clusters."""
