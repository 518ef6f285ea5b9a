#!/bin/bash
# prepare.sh: run in the project's root; makes .gpu/ with all that a machine with a GPU and no network needs
# (Python 3.12, PyTorch, numpy, Pillow, safetensors and jaxtyping are there): the scripts, the cast pack made small,
# wheels of moderngl, and the OpenGL loaders of Debian.
set -euo pipefail
rm -rf .gpu; mkdir -p .gpu/wheels .gpu/gl; cp training/*.py training/*.sh .gpu/
[ -e out/troupe.pack ] || .venv/bin/ozora stage troupe --out out/troupe.pack
.venv/bin/python training/light_pack.py out/troupe.pack .gpu/troupe.pack; xz -9 -f .gpu/troupe.pack
python3 -m pip download -q --no-deps --only-binary=:all: --python-version 3.12 --implementation cp \
  --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
  --platform manylinux_2_5_x86_64 -d .gpu/wheels moderngl==5.13.0 glcontext==3.0.0
(cd .gpu/gl && apt-get download -qq libvulkan1 libegl1 libglvnd0 libopengl0 libgl1 libglx0 libgles2)
du -sh .gpu
