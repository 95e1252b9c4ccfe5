"""The names of classes, by the attributes that Python itself sets: a metaclass may have code of its own for them."""


def qualname(kind: type) -> str:
    """``ConvergenceError``, or ``Solver.Error``."""
    return str(vars(type)["__qualname__"].__get__(kind))


def name(kind: type) -> str:
    """The last part of it."""
    return str(vars(type)["__name__"].__get__(kind))


def full_name(kind: type, *without: str) -> str:
    """With the module before it, unless it is one of these."""
    try:
        module = vars(type)["__module__"].__get__(kind)
    except AttributeError:
        module = None
    return f"{module}.{qualname(kind)}" if isinstance(module, str) and module not in without else qualname(kind)
