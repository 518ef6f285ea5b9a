#version 430
#include "figure.glsl"

void main() {
#ifdef CUTOUT
    texel();
#endif
}
