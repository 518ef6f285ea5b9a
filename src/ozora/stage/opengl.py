"""OpenGL through moderngl, which is only installed to train: one headless context (Mesa's llvmpipe on a CPU, the driver
on a GPU)."""

from __future__ import annotations

from functools import cache

from ozora.errors import RendererError, UserError

try:
    import moderngl as moderngl
except ImportError as _missing:
    raise UserError("the stage is drawn with moderngl: pip install 'ozora[train]'") from _missing


@cache
def context() -> moderngl.Context:
    """The one OpenGL context of this process; ``RendererError`` says what to install where there is none."""
    try:
        return moderngl.create_context(standalone=True, backend="egl")  # type: ignore[arg-type] # its hint is wrong
    except Exception as error:
        raise RendererError(
            f"no headless OpenGL ({error}); on Debian: apt-get install libegl1 libegl-mesa0 libgl1-mesa-dri"
        ) from error
