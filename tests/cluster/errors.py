"""The errors of this package; both are shown to a person without a traceback."""


class ClusterError(Exception):
    """Something went wrong: what was tried, what came back, what to do about it."""


class MissingError(ClusterError):
    """Something that a test cluster needs is not there: one sentence with what it is and how to get on."""
