"""The ground floor, tried with a scripted kubectl on PATH."""
