"""Run by site when a traced interpreter starts: lets the probe in, then the program's own sitecustomize.

Any Python may come by here, so this is written in the syntax of all of them, and nothing in it may fail.
"""

import os
import sys

_here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [place for place in sys.path if place != _here]
sys.path_importer_cache.pop(_here, None)

if sys.version_info >= (3, 9) and sys.implementation.name == "cpython":
    import _frozen_importlib_external

    try:
        _loader = _frozen_importlib_external.SourceFileLoader(
            "_socket_workbench", os.path.join(os.path.dirname(_here), "bootstrap.py")
        )
        _bootstrap = type(os)("_socket_workbench")
        _bootstrap.__file__ = _loader.path
        exec(_loader.get_code("_socket_workbench"), _bootstrap.__dict__)  # type: ignore[arg-type]
        _bootstrap.start(_here)
    except Exception:
        pass

sys.modules.pop("sitecustomize", None)
import sitecustomize  # type: ignore[import-not-found]  # noqa: E402, F401 - the program's own; site takes its absence
