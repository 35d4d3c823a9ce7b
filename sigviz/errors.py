"""What can go wrong in a way that a user can meet, each message saying what happened and what to do.

    SigvizError
    ├── InvalidSettings      a setting outside what the method or the model takes (also a ValueError)
    ├── InvalidText          nothing to explain in the text (also a ValueError)
    ├── ModelUnavailable     the model could not be had: network, name, access, broken or unsafe files
    ├── ModelUnsupported     the model is there, but it cannot be explained this way
    ├── CorpusUnavailable    the texts could not be had
    ├── InvalidResults       a file of results is damaged, or of something else
    │   └── InUse            another process is writing it
    ├── EngineError
    │   ├── OutOfMemory      even one sequence at a time does not fit
    │   ├── NotANumber       the model answered NaN or infinity
    │   └── QueueFull        too many jobs are waiting for the device
    └── Cancelled            the caller asked for it; not a fault

A page shows the message as it is, so it never holds a path or a traceback of the machine that serves it.
"""


class SigvizError(Exception):
    """Base of everything that sigviz raises on purpose."""


class InvalidSettings(SigvizError, ValueError):
    """A setting has a value that the method or the model does not take."""


class InvalidText(SigvizError, ValueError):
    """The text has nothing that could be explained."""


class ModelUnavailable(SigvizError):
    """The model's files could not be had or read."""


class ModelUnsupported(SigvizError):
    """The model was found, but is not something that these methods can explain."""


class CorpusUnavailable(SigvizError):
    """A corpus could not be fetched or read."""


class InvalidResults(SigvizError):
    """A study's file cannot be read, or belongs to another study."""


class InUse(InvalidResults):
    """Another process is at work on this file."""


class EngineError(SigvizError):
    """The computation itself failed."""


class OutOfMemory(EngineError):
    """Even a single sequence does not fit into the device's memory."""


class NotANumber(EngineError):
    """The model's logits or gradients are NaN or infinite."""


class QueueFull(EngineError):
    """Too many jobs are already waiting."""


class Cancelled(SigvizError):
    """The caller cancelled the job."""
