"""The attribution methods.  Importing this package fills METHODS, in the order in which pages show them."""

from sigviz.methods import integrated_gradients, sequential, discretized  # noqa: F401, I001 (the order of METHODS)
from sigviz.methods import gradients, captum_deeplift, captum_coalitions, control  # noqa: F401
from sigviz.methods.registry import METHODS, Method, Option, Promise

__all__ = ["METHODS", "Method", "Option", "Promise"]
