"""Which kubectl the tests run: that of their own environment, unless `KUBECTL_JOB_OPERATOR_KUBECTL` names another."""

from .path import put_first

__all__ = ["put_first"]
